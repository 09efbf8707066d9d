// The connections to collectors: which certificates they may show, and which one this host shows.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { checkServerIdentity, connect, type DetailedPeerCertificate, type PeerCertificate } from 'node:tls';
import { digestOf } from '../contract/secret.ts';
import { hostInUrl } from '../process/loopback.ts';

/** By default Node has the kernel probe an idle connection every second; middleboxes forget one only after minutes. */
const KEPT = { keepAlive: true, keepAliveMsecs: 60_000 };
const CONNECT_MS_MAX = 15_000;

/** `cert` and `key`: files, where the collector asks for a certificate of the agent. */
export type ClientCertificate = { cert: string | undefined; key: string | undefined };

export class Transport {
  readonly #client: ClientCertificate;
  readonly #plain = new http.Agent(KEPT);
  #authorities: readonly string[] = [];
  #secure: https.Agent;

  constructor(client: ClientCertificate = { cert: undefined, key: undefined }, authorities: readonly string[] = []) {
    this.#client = client;
    this.#authorities = authorities;
    this.#secure = this.#agentFor(authorities);
  }

  /** Node's agent for requests to this URL. */
  of(url: string): http.Agent {
    return url.startsWith('https:') ? this.#secure : this.#plain;
  }

  /**
   * From now on a collector must show a certificate of one of these CAs (PEM). Where there are none: one of a CA that the machine trusts,
   * with the collector's name.
   */
  trust(authorities: readonly string[]): void {
    if (authorities.join() === this.#authorities.join()) return;
    const old = this.#secure;
    this.#authorities = authorities;
    this.#secure = this.#agentFor(authorities);
    old.destroy();
  }

  #agentFor(authorities: readonly string[]): https.Agent {
    const { cert, key } = this.#client;
    const own = cert === undefined || key === undefined ? {} : { cert: readFileSync(cert), key: readFileSync(key) };
    // A collector's own CA signs only collectors' certificates, so the name need not match: a collector may be reached by any name.
    const check = (host: string, shown: PeerCertificate) => (isOf(shown, authorities) ? undefined : checkServerIdentity(host, shown));
    return new https.Agent({ ...KEPT, ...own, ...(authorities.length > 0 && { ca: [...authorities], checkServerIdentity: check }) });
  }
}

/** Whether one of these CAs is in the chain that the server showed, and that was checked. */
function isOf(shown: PeerCertificate, authorities: readonly string[]): boolean {
  const own = new Set(authorities.map((pem) => digestOf(rawOf(pem))));
  return chainOf(shown as DetailedPeerCertificate).some(({ raw }) => own.has(digestOf(raw)));
}

/**
 * The CA with one of these fingerprints that the server at `url` shows, as PEM. Nothing is sent to the server: whether its certificate is
 * really of that CA is checked by the next connection, which trusts that CA alone.
 */
export function authorityAt(url: string, pins: readonly string[]): Promise<string> {
  const host = hostInUrl(url);
  const { port } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ host, port: Number(port || 443), rejectUnauthorized: false, timeout: CONNECT_MS_MAX }, () => {
    const found = chainOf(socket.getPeerCertificate(true)).find(({ raw }) => pins.includes(digestOf(raw)));
    if (found) resolve(new X509Certificate(found.raw).toString());
    else
      reject(
        new Error('it is not the collector that printed the line, or something between reads along: its certificate is of another CA'),
      );
    socket.destroy();
  });
  socket.on('error', reject).on('timeout', () => socket.destroy(new Error('it does not answer')));
  return promise;
}

function chainOf(shown: DetailedPeerCertificate): DetailedPeerCertificate[] {
  const chain: DetailedPeerCertificate[] = [];
  // The chain ends with a CA that is its own issuer.
  for (let one: DetailedPeerCertificate | undefined = shown; one?.raw && !chain.includes(one); one = one.issuerCertificate) chain.push(one);
  return chain;
}

function rawOf(pem: string): Buffer {
  return new X509Certificate(pem).raw;
}
