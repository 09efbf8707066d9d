// The TLS of the collector's port: which certificate it serves, and when it looks for a new one.
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { Server, ServerOptions } from 'node:https';
import { LIMITS } from '../../limits.ts';
import type { DoorConfig } from '../options.ts';
import { ownCertificate } from './own-certificate.ts';
import { ownNames } from './own-names.ts';
import { fingerprintOf, type Given, givenCertificate, isFor, type Served } from './served.ts';

/** How often files and names are looked at: somebody may renew the files, and the machine may get other addresses. */
const LOOK_MS = 5000;

export class ServerTls {
  readonly #config: DoorConfig;
  readonly #directory: string;
  readonly #failed: (error: unknown) => void;
  #served: Served | undefined;
  #seen = '';
  #looking: NodeJS.Timeout | undefined;
  /** Why the newest files cannot be used; '' where they are in use. */
  #trouble = '';

  /** @param failed is called when a new certificate cannot be used; the old one stays in use */
  constructor(config: DoorConfig, directory: string, failed: (error: unknown) => void) {
    this.#config = config;
    this.#directory = directory;
    this.#failed = failed;
  }

  /** @throws StartError `certificate_unusable` */
  async open(): Promise<void> {
    this.#seen = this.#state();
    this.#served = await this.#newest();
  }

  get #now(): Served {
    if (this.#served === undefined) throw new Error('open it first');
    return this.#served;
  }

  /** Options of the HTTPS server. */
  get options(): ServerOptions {
    const { agentClientCa } = this.#config;
    const { key, cert } = this.#now;
    const asks = agentClientCa === undefined ? {} : { ca: readFileSync(agentClientCa), requestCert: true, rejectUnauthorized: false };
    return { key, cert, minVersion: 'TLSv1.2', handshakeTimeout: LIMITS.handshake_ms.number, honorCipherOrder: true, ...asks };
  }

  /** ms since the epoch */
  get ends_ms(): number {
    return this.#now.ends_ms;
  }

  get trouble(): string {
    return this.#trouble;
  }

  /** PEM of the CA that agents have to trust for this collector; undefined: one that every machine trusts. */
  get authority(): string | undefined {
    return this.#now.authority;
  }

  /** What a joining agent checks the collector's certificate by: the fingerprint of the CA, or 'system'. */
  get pin(): string {
    return this.#now.authority === undefined ? 'system' : fingerprintOf(this.#now.authority);
  }

  /** Whether the certificate is for this name or address. */
  isFor(name: string): boolean {
    return isFor(new X509Certificate(this.#now.cert), name);
  }

  /** Serves a new certificate as soon as there is one. @param changed is called then */
  follow(server: Server, changed: () => void): void {
    this.#looking = setInterval(() => void this.#look(server, changed), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#looking);
  }

  async #look(server: Server, changed: () => void): Promise<void> {
    const state = this.#state();
    if (state === this.#seen) return;
    try {
      const served = await this.#newest();
      this.#seen = state;
      this.#trouble = '';
      if (served.cert === this.#now.cert) return;
      this.#served = served;
      server.setSecureContext(this.options);
      changed();
    } catch (error) {
      if (this.#trouble === '') this.#failed(error);
      this.#trouble = error instanceof Error ? error.message : String(error);
    }
  }

  /** A text that changes when a new certificate may be needed: after a change of the files or of the machine's names, and once a day. */
  #state(): string {
    const { tlsCert, tlsKey, tlsCa } = this.#config;
    if (tlsCert === undefined) return `${ownNames(this.#config).join()} ${new Date().toISOString().slice(0, 10)}`;
    const files = [tlsCert, tlsKey, tlsCa].flatMap((file) => file ?? []);
    const seen = files.map((file) => statSync(file, { throwIfNoEntry: false }));
    return seen.map((one) => `${one?.ino} ${one?.mtimeMs} ${one?.size}`).join();
  }

  async #newest(): Promise<Served> {
    const { tlsCert, tlsKey, tlsCa } = this.#config;
    if (tlsCert !== undefined && tlsKey !== undefined) return givenCertificate({ tlsCert, tlsKey, tlsCa } satisfies Given);
    return ownCertificate({ directory: this.#directory, names: ownNames(this.#config) }, Date.now());
  }
}
