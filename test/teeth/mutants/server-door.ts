// What every request passes first.
import { type Mutant, mutantsOf, unit } from '../mutant.ts';

export const serverDoor: readonly Mutant[] = [
  ...mutantsOf('server/door/close.ts', [
    {
      why: 'the end waits for the longest question',
      find: ' || performance.now() >= last_ms',
      replace: '',
      suite: unit('server/door/close'),
    },
  ]),
  ...mutantsOf('server/door/budget.ts', [
    { why: 'memory is never given back', find: 'this.#add(held, -held.bytes);', replace: '', suite: unit('server/door/budget') },
    {
      why: 'there is room for everybody',
      find: 'while (!this.#fits(held.peer, bytes))',
      replace: 'while (false)',
      suite: unit('server/door/budget'),
    },
    {
      why: 'one peer may have all',
      find: ' && this.#of(peer) + bytes <= this.#options.peer_bytes_max',
      replace: '',
      suite: unit('server/door/budget'),
    },
    { why: 'who is slow keeps its memory', find: 'if (slow) return slow;', replace: '', suite: unit('server/door/budget') },
  ]),
  ...mutantsOf('server/door/body.ts', [
    {
      why: 'what was announced is reserved',
      find: 'Math.min(length, Math.max(FIRST_BYTES, 2 * body.length, came))',
      replace: 'length',
      suite: unit('server/door/starve'),
    },
  ]),
  ...mutantsOf('server/door/secrets.ts', [
    {
      why: 'any token will do',
      find: "timingSafeEqual(hash('sha256', shown, 'buffer'), hash('sha256', right, 'buffer'))",
      replace: 'shown !== right',
      suite: unit('server/door/rights'),
    },
  ]),
  ...mutantsOf('server/door/owner.ts', [
    { why: 'a link opens twice', find: 'this.#links.delete(key);', replace: '', suite: unit('server/door/rights') },
  ]),
  ...mutantsOf('server/door/owner-token.ts', [
    {
      why: 'what others may have read is kept',
      find: '(mode & GROUP_OR_OTHERS) === 0',
      replace: 'mode > 0',
      suite: unit('server/door/rights'),
    },
  ]),
  ...mutantsOf('server/door/close.ts', [
    {
      why: 'an end waits for who is slow',
      find: 'app.underWay.requests === 0',
      replace: 'app.underWay.requests < 0',
      suite: unit('server/door/stop'),
    },
  ]),
  ...mutantsOf('server/door/rights.ts', [
    {
      why: 'nothing needs a right',
      find: 'if (hasRole(who, right)) return;',
      replace: 'return;',
      suite: unit('server/door/rights'),
    },
  ]),
  ...mutantsOf('server/door/site.ts', [
    {
      why: 'another port is the same site',
      find: "new Set(['cross-site', 'same-site'])",
      replace: "new Set(['cross-site'])",
      suite: unit('server/door/sites'),
    },
    { why: 'a frame opens the page', find: " && headers['sec-fetch-dest'] === 'document'", replace: '', suite: unit('server/door/sites') },
  ]),
  ...mutantsOf('server/door/door.ts', [
    { why: 'pages of other sites are let in', find: 'if (refusal) throw refusal;', replace: '', suite: unit('server/live') },
  ]),
  ...mutantsOf('server/door/peer.ts', [
    { why: 'scripts and pages are one', find: "isBrowser(headers) ? 'browser' : 'tool'", replace: "''", suite: unit('server/door/sites') },
  ]),
  ...mutantsOf('server/door/audit.ts', [
    {
      why: 'entries are dropped unseen',
      find: 'this.#lost(given_up, error);',
      replace: 'this.#lost(0, error);',
      suite: unit('server/door/audit'),
    },
  ]),
];
