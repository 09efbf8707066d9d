// An agent as a member of a collector's fleet: its present identity, the headers that prove it, and the requests that keep it valid.
import { HEADERS } from '../contract/batch-envelope.ts';
import { authorizationOf, HELLO_PATH, JOIN_PATH, ROTATE_PATH } from '../contract/credential.ts';
import type { Hello, HelloRequest, Joined, JoinRequest, RotateRequest } from '../contract/enrolment.ts';
import { digestOf, newSecret } from '../contract/secret.ts';
import { Addresses } from '../uplink/addresses.ts';
import type { Answer } from '../uplink/post.ts';
import { post } from '../uplink/post.ts';
import type { Transport } from '../uplink/transport.ts';
import { type Identity, writeIdentity } from './identity-file.ts';

const ASK_MS_MAX = 15_000;

export type MemberParts = {
  /** where the identity is kept */
  directory: string;
  /** digest of where that is */
  place: string;
  machine: string;
  /** what this host calls itself */
  name: string;
  urls: readonly string[];
  transport: Transport;
};

export class Member {
  readonly #parts: MemberParts;
  readonly #addresses: Addresses;
  #identity: Identity;

  constructor(identity: Identity, parts: MemberParts) {
    this.#identity = identity;
    this.#parts = parts;
    this.#addresses = new Addresses(parts.urls, identity.host_id);
  }

  get identity(): Readonly<Identity> {
    return this.#identity;
  }

  /** The headers that prove the identity, for each request. */
  shown(secret = this.#identity.secret): Record<string, string> {
    const { host_id } = this.#identity;
    return host_id === undefined ? {} : { authorization: authorizationOf(host_id, secret), [HEADERS.place]: this.#parts.place };
  }

  /** Asks to be let in with the secret of an enrolment. The same request again has the same answer. */
  async join(enrolment: string, rejoin: boolean): Promise<Answer> {
    const answer = await this.#ask<JoinRequest>(JOIN_PATH, this.#joinRequest(this.#identity.secret, enrolment, rejoin), {});
    if (answer.verdict === 'accepted') await this.#keepJoined(this.#identity.secret, answer);
    return answer;
  }

  /** Asks for an identity of its own: the one that it has is a copy. */
  async fork(): Promise<Answer> {
    // Not `next`: the original may have the same one.
    const { fork = newSecret() } = this.#identity;
    // The secret is on disk before it is sent: else a crash would leave two hosts for this machine.
    await this.#keep({ ...this.#identity, fork });
    const answer = await this.#ask<JoinRequest>(JOIN_PATH, this.#joinRequest(fork, '', false));
    if (answer.verdict === 'accepted') await this.#keepJoined(fork, answer);
    return answer;
  }

  /** Tells the collector that this host is there, and where its state is. */
  async hello(): Promise<Answer> {
    const { place } = this.#parts;
    const answer = await this.#ask<HelloRequest>(HELLO_PATH, { place });
    if (answer.verdict !== 'accepted') return answer;
    const { authorities, rotate } = answer.said as Hello;
    const { before: _, ...identity } = this.#identity;
    await this.#keep({ ...identity, place, authorities });
    if (rotate || this.#identity.next !== undefined) await this.#rotate();
    return answer;
  }

  /**
   * To be called when the collector does not know the secret: the next attempt shows the one that was to replace it, or the one that it has
   * replaced. False where there is no other. Both are kept until the collector has accepted one.
   */
  async useOther(): Promise<boolean> {
    const { next, before, secret, ...identity } = this.#identity;
    if (next !== undefined) await this.#keep({ ...identity, secret: next, before: secret });
    else if (before !== undefined) await this.#keep({ ...identity, secret: before, next: secret });
    return next !== undefined || before !== undefined;
  }

  async #rotate(): Promise<void> {
    const { next = newSecret(), ...identity } = this.#identity;
    await this.#keep({ ...identity, next });
    const { verdict } = await this.#ask<RotateRequest>(ROTATE_PATH, { secret_sha256: digestOf(next) });
    if (verdict === 'accepted') await this.#keep({ ...identity, secret: next });
  }

  #joinRequest(secret: string, enrolment: string, rejoin: boolean): JoinRequest {
    const { machine: machine_sha256, place, name } = this.#parts;
    return { enrolment, secret_sha256: digestOf(secret), machine_sha256, place, name, rejoin };
  }

  async #keepJoined(secret: string, { said }: Answer): Promise<void> {
    const { host_id, authorities } = said as Joined;
    const { next: _, before: __, fork: ___, ...identity } = this.#identity;
    await this.#keep({ ...identity, secret, host_id, authorities, place: this.#parts.place });
  }

  async #keep(identity: Identity): Promise<void> {
    await writeIdentity(this.#parts.directory, identity);
    this.#identity = identity;
    this.#parts.transport.trust(identity.authorities);
  }

  async #ask<Request extends object>(path: string, request: Request, shown = this.shown()): Promise<Answer> {
    const url = this.#addresses.current(performance.now());
    const answer = await post({
      url: url + path,
      agent: this.#parts.transport.of(url),
      headers: { 'content-type': 'application/json', ...shown },
      body: Buffer.from(JSON.stringify(request)),
      signal: AbortSignal.timeout(ASK_MS_MAX),
    });
    if (answer.status === 0) this.#addresses.failed(url, performance.now());
    else this.#addresses.answered(url);
    return answer;
  }
}
