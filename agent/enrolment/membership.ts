// How an agent becomes a member of a collector's fleet at its start, and what it does when it is told that it is none any more.
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentConfig } from '../config.ts';
import { authoritiesDigest } from '../contract/credential.ts';
import { newSecret } from '../contract/secret.ts';
import { AgentError, reasonOf } from '../process/errors.ts';
import { Every, type Log } from '../process/log.ts';
import { makeDirectories } from '../process/make-directories.ts';
import { Addresses } from '../uplink/addresses.ts';
import type { Answer } from '../uplink/post.ts';
import { retryDelayMs } from '../uplink/retry.ts';
import type { Route } from '../uplink/route.ts';
import { authorityAt, Transport } from '../uplink/transport.ts';
import { type Identity, readIdentity } from './identity-file.ts';
import { enrolmentId, type JoinLine } from './join-line.ts';
import { Member } from './member.ts';
import { machineDigest, placeDigest } from './place.ts';

const DAY_MS = 24 * 3600 * 1000;
const COMPLAINT_MS = 10_000;
/** Another attempt would have the same answer. */
const FINAL: ReadonlySet<string> = new Set(['enrolment_refused', 'identity_unknown', 'request_invalid']);
/** The collector does not let the agent in any more. */
const OUT: ReadonlySet<string> = new Set(['credential_unknown', 'credential_revoked']);

export type MembershipConfig = Pick<AgentConfig, 'join' | 'rejoin' | 'stateDir' | 'collector' | 'clientCert' | 'clientKey'>;

export class Membership {
  readonly #config: MembershipConfig;
  readonly #log: Log;
  readonly #stop: AbortSignal;
  readonly #transport: Transport;
  readonly #complaint = new Every(COMPLAINT_MS);
  #member: Member;
  #settling: Promise<void> | undefined;
  #greeting: NodeJS.Timeout | undefined;
  #isGreeting = false;

  private constructor(config: MembershipConfig, log: Log, stop: AbortSignal, identity: Identity) {
    this.#config = config;
    this.#log = log;
    this.#stop = stop;
    this.#transport = new Transport({ cert: config.clientCert, key: config.clientKey }, identity.authorities);
    this.#member = this.#memberOf(identity);
  }

  /**
   * Undefined where the agent is to be no member: it was given no line, and has joined with none before. Waits for the collector where
   * it has to, until `stop`.
   * @throws AgentError where the collector does not let it in; `stopped`
   */
  static async open(config: MembershipConfig, log: Log, stop: AbortSignal): Promise<Membership | undefined> {
    const { join: line, stateDir } = config;
    const known = await readIdentity(stateDir);
    if (line === undefined && known === undefined) return undefined;
    refuseOpen(known?.url ?? line?.url ?? '', config.collector ?? []);
    makeDirectories(stateDir);
    const membership = new Membership(config, log, stop, known ?? newIdentity(line as JoinLine));
    await membership.#enter();
    return membership;
  }

  /** 16 hex digits, from the collector. */
  get host_id(): string {
    return this.#member.identity.host_id ?? '';
  }

  /** @param replaced is called when this host has become another one: the agent has to start again */
  route(replaced: (error: AgentError) => void): Route {
    this.#greeting = setInterval(() => this.#hello(), DAY_MS).unref();
    return {
      addresses: new Addresses(this.#urls(this.#member.identity), this.host_id),
      transport: this.#transport,
      shown: () => this.#member.shown(),
      refused: (code) => {
        if (code === 'credential_unknown' || code === 'identity_in_use') this.#settleAgain(code === 'identity_in_use', replaced);
      },
      told: ({ authorities }) => {
        if (typeof authorities !== 'string') return;
        if (authorities !== authoritiesDigest(this.#member.identity.authorities)) this.#hello();
      },
    };
  }

  close(): void {
    clearInterval(this.#greeting);
  }

  async #enter(): Promise<void> {
    const { join: line } = this.#config;
    const before = this.#member.identity;
    if (before.host_id === undefined) return this.#join(line);
    const code = await this.#settle(before.place !== this.#place());
    if (!OUT.has(code) || line === undefined || enrolmentId(line) === before.enrolment) return;
    this.#log.warn(
      { host_id: before.host_id },
      'the collector does not let this host in any more: it joins with the new line, as another host',
    );
    this.#member = this.#memberOf(newIdentity(line));
    await this.#join(line);
  }

  async #join(line: JoinLine | undefined): Promise<void> {
    if (line === undefined)
      throw new AgentError('not_joined', 'this host has not joined yet: give the line of "tcplens admin enrol" with --join');
    for (let failures = 1; ; failures++) {
      const answer = await this.#attempt(line);
      if (answer?.verdict === 'accepted') break;
      if (answer?.is_receipt && FINAL.has(answer.code)) throw new AgentError(answer.code, answer.reason);
      await this.#wait(failures, answer, `cannot join at ${line.url} yet`);
    }
    this.#log.info({ host_id: this.host_id, collector: line.url }, 'this host has joined');
  }

  async #attempt(line: JoinLine): Promise<Answer | undefined> {
    try {
      if (line.pins.length > 0 && this.#member.identity.authorities.length === 0) this.#transport.trust(await authoritiesOf(line));
      return await this.#member.join(line.enrolment, this.#config.rejoin);
    } catch (error) {
      if (error instanceof AgentError) throw error;
      this.#complain(`cannot join at ${line.url} yet: ${reasonOf(error)}`);
      return undefined;
    }
  }

  /**
   * Finds out whether this host may go on under its identity. Returns the code of what the collector said, '' where it let it in.
   * @param isMoved its state may be a copy: nothing may be sent before the collector has answered
   */
  async #settle(isMoved: boolean): Promise<string> {
    let hasOther = true;
    for (let failures = 1; ; failures++) {
      const answer = await this.#member.hello();
      const { verdict, code, is_receipt } = answer;
      if (verdict === 'accepted') return '';
      if (code === 'identity_cloned' && is_receipt) {
        await this.#fork();
        return '';
      }
      if (code === 'credential_unknown' && hasOther) {
        hasOther = false;
        if (await this.#member.useOther()) continue;
      }
      const isOut = OUT.has(code);
      if (isOut) this.#complain(`the collector does not let this host in: ${answer.reason}`);
      if (isOut || (!isMoved && code !== 'identity_in_use')) return code;
      await this.#wait(failures, answer, 'waits to be let in');
    }
  }

  async #fork(): Promise<void> {
    const before = this.host_id;
    for (let failures = 1; ; failures++) {
      const answer = await this.#member.fork();
      if (answer.verdict === 'accepted') break;
      await this.#wait(failures, answer, 'cannot get an identity of its own yet');
    }
    this.#log.warn({ before, host_id: this.host_id }, 'the state of this agent is a copy of another host’s: it is a host of its own now');
  }

  #settleAgain(isMoved: boolean, replaced: (error: AgentError) => void): void {
    if (this.#settling !== undefined) return;
    const before = this.host_id;
    this.#settling = this.#settle(isMoved)
      .then(() => {
        if (this.host_id === before) return;
        replaced(new AgentError('host_replaced', `this host is ${this.host_id} now, and was ${before}: start the agent again`));
      })
      .catch((error: unknown) => this.#complain(reasonOf(error)))
      .finally(() => {
        this.#settling = undefined;
      });
  }

  async #wait(failures: number, answer: Answer | undefined, what: string): Promise<void> {
    if (answer) this.#complain(`${what}: ${answer.reason}`);
    await sleep(answer?.retry_after_ms ?? retryDelayMs(failures, Math.random()), undefined, { signal: this.#stop }).catch(() => undefined);
    if (this.#stop.aborted) throw new AgentError('stopped', 'stopped before the collector let this host in');
  }

  /** If the disk refuses a change of the identity, the agent goes on: the identity before it is still valid. */
  #hello(): void {
    if (this.#settling !== undefined || this.#isGreeting) return;
    this.#isGreeting = true;
    this.#member
      .hello()
      .catch((error: unknown) => this.#complain(reasonOf(error)))
      .finally(() => {
        this.#isGreeting = false;
      });
  }

  #complain(message: string): void {
    this.#complaint.run(Date.now(), (held) => this.#log.warn({ held }, message));
  }

  #memberOf(identity: Identity): Member {
    return new Member(identity, {
      directory: this.#config.stateDir,
      place: this.#place(),
      machine: machineDigest(),
      name: hostname(),
      urls: this.#urls(identity),
      transport: this.#transport,
    });
  }

  #urls({ url }: Identity): readonly string[] {
    return this.#config.collector ?? [url];
  }

  #place(): string {
    makeDirectories(this.#config.stateDir);
    return placeDigest(this.#config.stateDir);
  }
}

/** The CAs of the line, as collectors show them. Behind a load balancer each connection may lead to another collector, with another CA. */
async function authoritiesOf({ url, pins }: JoinLine): Promise<string[]> {
  const found = new Set<string>();
  for (let connection = 0; connection < 2 * pins.length && found.size < pins.length; connection++) found.add(await authorityAt(url, pins));
  return [...found];
}

/** @throws AgentError where the credential would be sent unencrypted, so that others could read it */
function refuseOpen(joined: string, collectors: readonly string[]): void {
  const open = collectors.find((url) => !url.startsWith('https:'));
  if (!joined.startsWith('https:') || open === undefined) return;
  const message = `this host has joined ${joined}, and --collector ${open} would show its credential to anybody in between: give an https URL, or another --state-dir`;
  throw new AgentError('collector_not_secure', message);
}

function newIdentity(line: JoinLine): Identity {
  return { format: 1, url: line.url, enrolment: enrolmentId(line), secret: newSecret(), place: '', authorities: [] };
}
