// Lets a collector control this agent: hands each message of the control channel to the part that carries it out, and the parts' messages
// back.
import type { FromAgent, ToAgent } from '../contract/control.ts';
import { KNOWN_SETTINGS } from '../contract/settings.ts';
import type { Investigations } from '../investigations/investigations.ts';
import type { Log } from '../process/log.ts';
import { turns } from '../process/turns.ts';
import { VERSION } from '../process/version.ts';
import { inForce, type RemoteSettings } from '../settings/remote.ts';
import type { Settings } from '../settings/settings.ts';
import { ControlChannel } from './control.ts';
import type { Route } from './route.ts';

export type RemoteOptions = {
  route: Route;
  settings: Settings;
  /** 16 hex digits */
  host_id: string;
  log: Log;
};

/** The parts that take the collector's messages; each may answer by `send`. */
export type Parts = { settings: RemoteSettings; investigations: Investigations };

export class Remote {
  readonly #channel: ControlChannel;
  readonly #parts: Parts;
  readonly #inTurn = turns();

  /** @param partsOf makes the parts, which send messages by `send`; while the channel is not open, these are dropped */
  constructor({ route, settings, host_id, log }: RemoteOptions, partsOf: (send: (message: FromAgent) => void) => Parts) {
    this.#parts = partsOf((message) => this.#channel.send(message));
    this.#channel = new ControlChannel({
      route,
      hello: () => ({ type: 'hello', host_id, agent_version: VERSION, known: KNOWN_SETTINGS, ...inForce(settings) }),
      onMessage: (message) => this.#take(message),
      log,
    });
  }

  [Symbol.dispose](): void {
    this.#parts.settings.stop();
    this.#parts.investigations.stop();
    this.#channel.close();
  }

  #take(message: ToAgent): void {
    // Settings are taken one after the other, since each waits for the disk. Investigations do not wait for them.
    if (message.type === 'investigations') void this.#parts.investigations.want(message.wanted);
    else void this.#inTurn(() => this.#parts.settings.take(message));
  }
}
