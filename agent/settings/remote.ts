// A collector's hand on the settings: takes what it wants over the control channel, and tells what is in force and whether rows are lost by it.
import type { RowsSoFar, ToAgent } from '../contract/control.ts';
import { KNOWN_SETTINGS } from '../contract/settings.ts';
import type { Log } from '../process/log.ts';
import { turns } from '../process/turns.ts';
import { VERSION } from '../process/version.ts';
import { ControlChannel } from '../uplink/control.ts';
import type { Route } from '../uplink/route.ts';
import type { Settings } from './settings.ts';

const TELL_MS = 1000;

export type RemoteOptions = {
  settings: Settings;
  route: Route;
  /** 16 hex digits */
  host_id: string;
  rows: () => Pick<RowsSoFar, 'seen' | 'lost' | 'withheld'>;
  log: Log;
};

export class RemoteSettings {
  readonly #options: RemoteOptions;
  readonly #channel: ControlChannel;
  readonly #inTurn = turns();
  #telling: NodeJS.Timeout | undefined;
  #until_ms = 0;

  constructor(options: RemoteOptions) {
    this.#options = options;
    const { route, settings, host_id, log } = options;
    this.#channel = new ControlChannel({
      route,
      hello: () => ({ type: 'hello', host_id, agent_version: VERSION, known: KNOWN_SETTINGS, ...inForce(settings) }),
      onMessage: (message) => void this.#inTurn(() => this.#take(message)),
      log,
    });
  }

  [Symbol.dispose](): void {
    clearInterval(this.#telling);
    this.#channel.close();
  }

  async #take({ version, values, watch_ms }: ToAgent): Promise<void> {
    const { settings } = this.#options;
    // What was lost before is not this change's fault.
    this.#tell(version);
    await settings.take({ version, values });
    this.#channel.send({ type: 'in_force', ...inForce(settings) });
    this.#until_ms = performance.now() + watch_ms;
    if (watch_ms > 0) this.#telling ??= setInterval(() => this.#tell(settings.version), TELL_MS).unref();
  }

  #tell(version: number): void {
    this.#channel.send({ type: 'rows', version, ...this.#options.rows() });
    if (performance.now() < this.#until_ms) return;
    clearInterval(this.#telling);
    this.#telling = undefined;
  }
}

function inForce(settings: Settings) {
  return { version: settings.version, in_force: settings.inForce() };
}
