// Who may send what, and who joins.
import { type Mutant, mutantsOf, unit } from '../mutant.ts';

export const serverAccess: readonly Mutant[] = [
  ...mutantsOf('server/access/saved-views.ts', [
    {
      why: 'anybody removes a view',
      find: '!isOwner(view, who) && ',
      replace: 'false && ',
      suite: unit('server/access/saved-views'),
    },
    {
      why: 'a name alone says whose a view is',
      find: ' && owner_kind === kind',
      replace: '',
      suite: unit('server/access/saved-views'),
    },
  ]),
  ...mutantsOf('server/door/host-check.ts', [
    {
      why: 'a credential sends rows of any host',
      find: 'host_id === undefined || host_id === said',
      replace: 'host_id !== said || host_id === said',
      suite: unit('server/access/credentials'),
    },
  ]),
  ...mutantsOf('server/access/agent-way.ts', [
    {
      why: 'a copied credential sends from anywhere',
      find: 'headers[HEADERS.place] !== record.place',
      replace: 'headers[HEADERS.place] === host_id',
      suite: unit('server/access/credentials'),
    },
    {
      why: 'a revoked host is let in',
      find: 'record.revoked_ms !== undefined',
      replace: "record.name === ''",
      suite: unit('server/access/credentials'),
    },
  ]),
  ...mutantsOf('server/access/collectors.ts', [
    {
      why: 'the CA of a collector that is there is forgotten',
      find: 'now_ms - last.heard_ms < GONE_MS',
      replace: 'now_ms - last.heard_ms < 0',
      suite: unit('server/access/collectors'),
    },
    {
      why: 'agents hear for ever what they heard first',
      find: 'this.#digest = undefined;',
      replace: '',
      suite: unit('server/access/collectors'),
    },
  ]),
  ...mutantsOf('agent/enrolment/membership.ts', [
    {
      why: 'an agent does not ask again which CAs it is to trust',
      find: 'authorities !== authoritiesDigest(',
      replace: "'' === authoritiesDigest(",
      suite: unit('server/access/collectors'),
    },
  ]),
  ...mutantsOf('server/access/sessions.ts', [
    {
      why: 'sessions outlive the password that they were made with',
      find: 'user.password_ms !== record.password_ms',
      replace: 'user.password_ms < 0',
      suite: unit('server/access/own-password'),
    },
  ]),
  ...mutantsOf('server/access/people-routes.ts', [
    {
      why: 'whoever finds an open page changes its password',
      find: '!(await check(request, name, present))',
      replace: '!(await check(request, name, present)) && present === password',
      suite: unit('server/access/own-password'),
    },
  ]),
  ...mutantsOf('server/access/agents.ts', [
    {
      why: 'a copy is never told so',
      find: 'heard_ms > waiting.since_ms',
      replace: 'heard_ms > now_ms',
      suite: unit('server/access/agents'),
    },
    {
      why: 'an identity that is in use can be taken',
      find: 'now_ms - heard_ms < SILENT_MS',
      replace: 'now_ms - heard_ms < 0',
      suite: unit('server/access/agents'),
    },
    {
      why: 'a request to join that is repeated makes a second host',
      find: 'if (again) return this.#joined(again.host_id);\n      if (request.rejoin)',
      replace: 'if (request.rejoin)',
      suite: unit('server/access/agents'),
    },
  ]),
  ...mutantsOf('server/access/enrolments.ts', [
    {
      why: 'a line lets any number of hosts in',
      find: 'return { id, record };',
      replace: 'return { id, record: { ...record, uses: 1e9 } };',
      suite: unit('server/access/agents'),
    },
    {
      why: 'a line never ends',
      find: 'record.ends_ms <= now_ms',
      replace: 'record.ends_ms <= 0',
      suite: unit('server/access/agents'),
    },
    {
      why: 'any secret will do',
      find: 'record === undefined || !isRight',
      replace: 'record === undefined',
      suite: unit('server/access/agents'),
    },
  ]),
  ...mutantsOf('server/access/record-book.ts', [
    {
      why: 'what a power cut took from the store stays away',
      find: 'if (before === 0) await this.#giveBack(seen);',
      replace: '',
      suite: unit('server/access/record-book'),
    },
    {
      why: 'a record never ends',
      find: 'ends_ms > 0 && ends_ms <= now_ms',
      replace: 'ends_ms < 0 && ends_ms <= now_ms',
      suite: unit('server/access/record-book'),
    },
  ]),
  ...mutantsOf('server/admin/snapshot.ts', [
    {
      why: 'a backup leaves the CA out',
      find: 'await copyIfThere(cp(join(data, TLS_DIRECTORY), join(directory, TLS_DIRECTORY), { recursive: true }));',
      replace: '',
      suite: unit('server/access/restored'),
    },
  ]),
  ...mutantsOf('agent/uplink/transport.ts', [
    {
      why: 'a CA is not looked at',
      find: 'pins.includes(digestOf(raw))',
      replace: 'pins.length > 0',
      suite: unit('agent/uplink/transport'),
    },
  ]),
  ...mutantsOf('server/door/rates.ts', [
    {
      why: 'an agent may ask without end',
      find: 'if (isAgentPath(request.routeOptions.url)) await check(request, reply);',
      replace: '',
      suite: unit('server/door/floods'),
    },
  ]),
];
