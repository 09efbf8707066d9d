// Lets a collector change the settings: takes what it wants, and tells it what is in force, and how many rows were seen and lost so far.
import type { FromAgent, RowsSoFar, WantedSettings } from '../contract/control.ts';
import type { Settings } from './settings.ts';

const TELL_MS = 1000;

export type RemoteSettingsOptions = {
  settings: Settings;
  rows: () => Pick<RowsSoFar, 'seen' | 'lost' | 'withheld'>;
  send: (message: FromAgent) => void;
};

export class RemoteSettings {
  readonly #options: RemoteSettingsOptions;
  #telling: NodeJS.Timeout | undefined;
  #until_ms = 0;

  constructor(options: RemoteSettingsOptions) {
    this.#options = options;
  }

  stop(): void {
    clearInterval(this.#telling);
  }

  async take({ version, values, watch_ms }: WantedSettings): Promise<void> {
    const { settings, send } = this.#options;
    // The counts before the change go first: earlier losses are not its fault.
    this.#tell(version);
    await settings.take({ version, values });
    send({ type: 'in_force', ...inForce(settings) });
    this.#until_ms = performance.now() + watch_ms;
    if (watch_ms > 0) this.#telling ??= setInterval(() => this.#tell(settings.version), TELL_MS).unref();
  }

  #tell(version: number): void {
    const { rows, send } = this.#options;
    send({ type: 'rows', version, ...rows() });
    if (performance.now() < this.#until_ms) return;
    clearInterval(this.#telling);
    this.#telling = undefined;
  }
}

export function inForce(settings: Settings) {
  return { version: settings.version, in_force: settings.inForce() };
}
