// The collector's port: its names, TLS, and the proxies before it.
import type { Server } from 'node:https';
import type { Logger } from 'pino';
import { hostInUrl, isLoopback } from '../agent/process/loopback.ts';
import type { ProxyWay } from './access/proxy-way.ts';
import type { HealthFigures } from './api/health.ts';
import type { Port } from './app.ts';
import { type DoorConfig, isTrusted, speaksTls } from './door/options.ts';
import { oidcOf } from './door/people-options.ts';
import { ownNames, publicUrlOf } from './door/tls/own-names.ts';
import { ServerTls } from './door/tls/server-tls.ts';
import type { App } from './http.ts';

/** Limit of fingerprints in the line of an enrolment, so that a terminal takes the line. */
const PINS_MOST = 16;

export class CollectorPort {
  readonly #config: DoorConfig;
  readonly tls: ServerTls | undefined;
  #url = '';

  constructor(config: DoorConfig, directory: string, logger: Logger) {
    this.#config = config;
    if (speaksTls(config))
      this.tls = new ServerTls(config, directory, (error) => logger.error({ err: error }, 'the new certificate cannot be used'));
    if (this.isPlain)
      logger.warn(
        '--insecure: what agents and people send can be read, changed and forged by who is in between; use TLS for anything but a trial',
      );
  }

  /** `open`: see Gate; false with a trusted proxy, since clients of a proxy on this machine may be anybody. */
  get access(): { open: boolean; proxy: ProxyWay | undefined } {
    const { listen, login, trustedProxy, proxyUserHeader: header, proxyRole: role } = this.#config;
    const proxy = header === undefined ? undefined : { header, role, isProxy: isTrusted(trustedProxy ?? []) };
    return { open: isLoopback(listen.host) && !login && trustedProxy === undefined, proxy };
  }

  /** Whether it serves plain HTTP on an address beyond loopback. */
  get isPlain(): boolean {
    return this.tls === undefined && !isLoopback(this.#config.listen.host);
  }

  /** The port's figures for the collector's health. */
  get figures(): HealthFigures['port'] {
    const { ends_ms = null, trouble = '' } = this.tls ?? {};
    return { plain: this.isPlain, certificate_ends_ms: ends_ms, certificate_trouble: trouble };
  }

  /** @throws StartError `certificate_unusable` */
  async open(): Promise<void> {
    await this.tls?.open();
  }

  get parts(): Port {
    const { listen, trustedProxy = [], agentClientCa } = this.#config;
    const isBeyond = !isLoopback(listen.host);
    return {
      https: this.tls?.options,
      isPlain: this.isPlain,
      oidc: oidcOf(this.#config),
      originOf: ({ protocol, host }) => new URL(this.#config.publicUrl ?? `${protocol}://${host}`).origin,
      isProxy: isTrusted(trustedProxy),
      asksCertificate: agentClientCa !== undefined,
      isOwnName: (name) => isLoopback(name) || this.#isNamed(name, isBeyond),
      line: (id, secret, others) => `${this.#url}#${id}.${secret}.${this.#pinBeside(others)}`,
    };
  }

  /** By what agents recognise collectors: the fingerprint of this collector's CA and those of the others that share its address. */
  #pinBeside(others: readonly string[]): string {
    if (this.tls === undefined) return 'plain';
    return this.tls.authority === undefined ? this.tls.pin : [...new Set([this.tls.pin, ...others])].slice(0, PINS_MOST).join(',');
  }

  #isNamed(name: string, isBeyond: boolean): boolean {
    const { publicUrl } = this.#config;
    if (publicUrl !== undefined && hostInUrl(publicUrl) === name.toLowerCase()) return true;
    return this.tls?.isFor(name) ?? (isBeyond && ownNames(this.#config).includes(name));
  }

  /** The URL at which others reach the collector; '' before it listens. */
  get url(): string {
    return this.#url;
  }

  /** Called when the collector listens. @param renewed is called after each new certificate */
  async listens(app: App, url: string, renewed: () => void): Promise<void> {
    this.#url = await publicUrlOf(this.#config, this.tls ? 'https' : 'http', Number(new URL(url).port));
    this.tls?.follow(app.server as unknown as Server, renewed);
  }

  stop(): void {
    this.tls?.stop();
  }
}
