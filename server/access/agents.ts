// The agents that have joined: each has a credential, and an identity that the collector has given it.
import type { Hello, HelloRequest, Joined, JoinRequest } from '../../agent/contract/enrolment.ts';
import { turns } from '../../agent/process/turns.ts';
import { newId } from '../door/secrets.ts';
import { Refusal } from '../errors.ts';
import { type Enrolments, refused } from './enrolments.ts';
import type { LastHeard } from './last-heard.ts';
import type { RecordBook } from './record-book.ts';
import type { AgentRecord } from './records.ts';

const DAY_MS = 24 * 3600 * 1000;
/** An agent replaces a secret that is older than this. */
const SECRET_MS_MAX = 30 * DAY_MS;
/** Agents report every ten seconds by default: a host that was not heard for longer than this counts as not running. */
export const SILENT_MS = 20_000;
const AGAIN_S = 3;

type Fleet = Pick<Joined, 'labels' | 'authorities'>;
export type Agent = AgentRecord & { host_id: string };
/** `certificate_ends_ms`: when the client certificate of this request ends; undefined: it has none. */
type Shown<Request> = Request & { certificate_ends_ms?: number | undefined };

export class Agents {
  readonly #book: RecordBook;
  readonly #enrolments: Enrolments;
  readonly #heard: LastHeard;
  readonly #inTurn = turns();
  /** By host: since when an agent at another place has waited, with this host's credential, to see whether the original still reports. */
  readonly #waiting = new Map<string, { place: string; since_ms: number }>();

  constructor(book: RecordBook, enrolments: Enrolments, heard: LastHeard) {
    this.#book = book;
    this.#enrolments = enrolments;
    this.#heard = heard;
  }

  list(): Agent[] {
    return [...this.#book.all('agent')].map(([host_id, record]) => ({ ...record, host_id }));
  }

  /** @throws Refusal `enrolment_refused`, `identity_in_use`, `identity_unknown` */
  join(request: Shown<JoinRequest>, now_ms: number): Promise<Omit<Joined, 'digest'>> {
    return this.#inTurn(async () => {
      // Another collector may have admitted a host or revoked the line since the last look.
      await this.#book.look();
      const { id, record } = this.#enrolments.shown(request.enrolment, now_ms);
      const again = this.list().find((agent) => agent.enrolment === id && isSecretOf(agent, request.secret_sha256));
      if (again) return this.#joined(again.host_id);
      if (request.rejoin) return this.#rejoin(request, id, record.rejoin, now_ms);
      const full = () => refused(`${record.uses} of ${record.uses} hosts have joined with this line`);
      if (this.#joinedWith(id).length >= record.uses) throw full();
      const host_id = await this.#add(request, { enrolment: id, labels: record.labels }, now_ms);
      await this.#book.look();
      // Other collectors may have admitted hosts at the same time: of more than `uses`, the earliest stay.
      const isIn = this.#joinedWith(id).slice(0, record.uses);
      if (isIn.includes(host_id)) return this.#joined(host_id);
      await this.#book.remove('agent', host_id);
      throw full();
    });
  }

  /** Gives a machine that has a copy of another host's credential an identity of its own. */
  fork(request: Shown<JoinRequest>, host_id: string, now_ms: number): Promise<Omit<Joined, 'digest'>> {
    return this.#inTurn(async () => {
      const again = this.list().find((agent) => agent.cloned_from === host_id && isSecretOf(agent, request.secret_sha256));
      if (again) return this.#joined(again.host_id);
      const { labels } = this.#known(host_id);
      this.#waiting.delete(host_id);
      return this.#joined(await this.#add(request, { enrolment: '', labels, cloned_from: host_id }, now_ms));
    });
  }

  /**
   * An agent says hello before it sends anything. If it runs at another place than before, its state may be a copy: it has to wait until
   * the collector knows whether the original still reports.
   * @throws Refusal `identity_in_use`: try again later; `identity_cloned`: the original reports
   */
  async hello(host_id: string, { place, certificate_ends_ms }: Shown<HelloRequest>, now_ms: number): Promise<Omit<Hello, 'digest'>> {
    const record = this.#known(host_id);
    if (record.place !== place) await this.#checkSilent(host_id, place, now_ms);
    if (record.place !== place || record.certificate_ends_ms !== certificate_ends_ms)
      await this.#book.put('agent', host_id, withCertificate({ ...record, place }, certificate_ends_ms));
    this.#waiting.delete(host_id);
    return { ...this.#joined(host_id), rotate: now_ms - record.secret_ms > SECRET_MS_MAX };
  }

  /** Adds a new secret. The old one stays valid until an agent uses the new one. */
  async rotate(host_id: string, next_sha256: string): Promise<void> {
    await this.#book.put('agent', host_id, { ...this.#known(host_id), next_sha256 });
  }

  /** An agent has used the new secret: the old one is no longer valid. */
  async rotated(host_id: string, now_ms: number): Promise<void> {
    const { next_sha256, ...record } = this.#known(host_id);
    if (next_sha256 === undefined) return;
    await this.#book.put('agent', host_id, { ...record, secret_sha256: next_sha256, secret_ms: now_ms });
  }

  /** The agent's credential is refused from now on: by this collector at once, by the others within seconds. */
  async revoke(host_id: string, now_ms: number): Promise<void> {
    await this.#book.put('agent', host_id, { ...this.#known(host_id), revoked_ms: now_ms });
  }

  async remove(host_id: string): Promise<void> {
    const { enrolment } = this.#known(host_id);
    await this.#book.remove('agent', host_id);
    if (this.#book.get('agent_state', host_id) !== undefined) await this.#book.remove('agent_state', host_id);
    await this.#enrolments.forget(enrolment);
    this.#heard.forget(host_id);
  }

  #known(host_id: string): AgentRecord {
    const record = this.#book.get('agent', host_id);
    if (record === undefined) throw new Refusal('not_found', `no agent with the host id ${host_id} has joined`);
    return record;
  }

  #joinedWith(enrolment: string): string[] {
    const own = this.list().filter((agent) => agent.enrolment === enrolment);
    return own.toSorted((a, b) => a.joined_ms - b.joined_ms || a.host_id.localeCompare(b.host_id)).map(({ host_id }) => host_id);
  }

  async #add(
    { secret_sha256, machine_sha256, place, name, certificate_ends_ms }: Shown<JoinRequest>,
    from: Pick<AgentRecord, 'enrolment' | 'labels' | 'cloned_from'>,
    now_ms: number,
  ): Promise<string> {
    const host_id = newId();
    const record = { ...from, name, joined_ms: now_ms, secret_sha256, secret_ms: now_ms, machine_sha256, place };
    await this.#book.put('agent', host_id, withCertificate(record, certificate_ends_ms));
    return host_id;
  }

  async #rejoin(request: Shown<JoinRequest>, enrolment: string, isAllowed: boolean, now_ms: number): Promise<Omit<Joined, 'digest'>> {
    if (!isAllowed)
      throw new Refusal('enrolment_refused', 'with this line no identity can be taken back: "tcplens admin enrol --rejoin" prints one');
    const { secret_sha256, machine_sha256, place, name, certificate_ends_ms } = request;
    const own = this.list().filter((agent) => agent.machine_sha256 === machine_sha256);
    const [agent, ...others] = own.filter(({ revoked_ms }) => revoked_ms === undefined);
    if (agent === undefined || others.length > 0) throw new Refusal('identity_unknown', whyNotOne(own.length));
    await this.#checkSilent(agent.host_id, place, now_ms);
    const { host_id, next_sha256: _, ...record } = agent;
    const back = { ...record, name, enrolment, secret_sha256, secret_ms: now_ms, place };
    await this.#book.put('agent', host_id, withCertificate(back, certificate_ends_ms));
    return this.#joined(host_id);
  }

  /** @throws Refusal `identity_cloned`, `identity_in_use` where the holder of the identity still reports, or did so within SILENT_MS */
  async #checkSilent(host_id: string, place: string, now_ms: number): Promise<void> {
    const heard_ms = await this.#heard.of(host_id);
    const known = this.#waiting.get(host_id);
    const waiting = known?.place === place ? known : { place, since_ms: now_ms };
    this.#waiting.set(host_id, waiting);
    if (heard_ms > waiting.since_ms)
      throw new Refusal('identity_cloned', `host ${host_id} runs elsewhere with the same credential: this machine's state is a copy of it`);
    if (now_ms - heard_ms < SILENT_MS)
      throw new Refusal('identity_in_use', `host ${host_id} was heard ${Math.round((now_ms - heard_ms) / 1000)} s ago from another place`, {
        retry_after_s: AGAIN_S,
      });
  }

  #joined(host_id: string): Fleet & { host_id: string } {
    const authorities = [...this.#book.all('authority')].map(([, { certificate }]) => certificate);
    return { host_id, labels: this.#known(host_id).labels, authorities };
  }
}

function withCertificate({ certificate_ends_ms: _, ...record }: AgentRecord, ends_ms: number | undefined): AgentRecord {
  return ends_ms === undefined ? record : { ...record, certificate_ends_ms: ends_ms };
}

function isSecretOf({ secret_sha256, next_sha256 }: AgentRecord, sha256: string): boolean {
  return secret_sha256 === sha256 || next_sha256 === sha256;
}

function whyNotOne(known: number): string {
  const why = known === 0 ? 'no host of this machine has joined before' : 'this machine has no identity that is not revoked, or several';
  return `${why}: start without --rejoin to join as a new host`;
}
