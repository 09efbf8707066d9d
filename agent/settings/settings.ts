// The settings of this agent as they are in force, and how a collector changes them: the collector's value takes precedence over the
// host's, unless the host has pinned the setting.
import { AGENT_OPTIONS, type AgentConfig, SOURCE_OPTIONS } from '../config.ts';
import type { InForce } from '../contract/control.ts';
import { problemOf } from '../contract/setting-form.ts';
import { SETTING_NAMES, SETTINGS, type SettingName, type SettingSpec } from '../contract/settings.ts';
import { reasonOf } from '../process/errors.ts';
import type { Log } from '../process/log.ts';
import type { OptionTable } from '../process/options.ts';
import { readKept, type Wanted, writeKept } from './kept.ts';
import { type LocalSettings, optionOf, type Said } from './local.ts';

export const SETTING_OPTIONS = { ...SOURCE_OPTIONS, ...AGENT_OPTIONS } as const satisfies OptionTable;

type Camel<Name extends string> = Name extends `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : Name;
type ValueOf<Name extends SettingName> = AgentConfig[Camel<Name> & keyof AgentConfig];
type AtOnce = { [Name in SettingName]: (typeof SETTINGS)[Name]['applies'] extends 'at once' ? Name : never }[SettingName];

/** What each setting that can be changed at once does to the agent. */
export type Appliers = { readonly [Name in AtOnce]: (value: ValueOf<Name>) => void };

export type SettingsOptions = {
  local: LocalSettings;
  pinned: readonly SettingName[];
  /** where what the collector says is kept; undefined: it holds until the agent ends */
  directory: string | undefined;
  log: Log;
};

const NOTHING: Wanted = { version: 0, values: {} };

export class Settings {
  readonly #options: SettingsOptions;
  readonly #inForce: Record<SettingName, Said>;
  readonly #why = new Map<SettingName, string>();
  #wanted: Wanted;
  #appliers: Appliers | undefined;

  private constructor(options: SettingsOptions, wanted: Wanted) {
    this.#options = options;
    this.#wanted = wanted;
    this.#inForce = { ...options.local };
  }

  static async open(options: SettingsOptions): Promise<Settings> {
    return new Settings(options, options.directory === undefined ? NOTHING : await readKept(options.directory));
  }

  /** The configuration that the agent starts with: its own, with what a collector has said before. */
  startWith(config: AgentConfig): AgentConfig {
    const values: Record<string, unknown> = { ...config };
    for (const name of SETTING_NAMES) if (this.#decide(name)) values[optionOf(name)] = parsed(name, this.#inForce[name].value);
    return values as AgentConfig;
  }

  /** From now on changes are applied. */
  appliedBy(appliers: Appliers): void {
    this.#appliers = appliers;
  }

  /** Takes what the collector wants now. What cannot be done is told by `inForce`. */
  async take(wanted: Wanted): Promise<void> {
    const { directory, log } = this.#options;
    this.#wanted = wanted;
    const changed = SETTING_NAMES.filter((name) => this.#decide(name));
    for (const name of changed) this.#apply(name);
    if (changed.length > 0)
      log.info({ version: wanted.version, in_force: this.inForce().filter(({ from }) => from === 'collector') }, 'settings');
    if (directory === undefined) return;
    await writeKept(directory, wanted).catch((error: unknown) =>
      log.warn(`what the collector says of settings holds only until this agent ends: ${reasonOf(error)}`),
    );
  }

  get version(): number {
    return this.#wanted.version;
  }

  /** Every setting of this version, and those that the collector wants and this version does not have. */
  inForce(): InForce[] {
    const { values } = this.#wanted;
    const known = SETTING_NAMES.map((name): InForce => {
      const [said, why, wanted] = [this.#inForce[name], this.#why.get(name), values[name]];
      return { name, ...said, ...(why !== undefined && { why, ...(wanted !== undefined && { wanted }) }) };
    });
    const unknown = Object.entries(values).filter(([name]) => !Object.hasOwn(SETTINGS, name));
    return [
      ...known,
      ...unknown.map(
        ([name, wanted]): InForce => ({ name, value: '', from: 'default', wanted, why: 'this version of the agent does not have it' }),
      ),
    ];
  }

  /** Finds out what the setting is to be. Returns whether that can hold now and is another value than before. */
  #decide(name: SettingName): boolean {
    const { local, pinned } = this.#options;
    const wanted = this.#wanted.values[name];
    const { form, applies }: SettingSpec = SETTINGS[name];
    this.#why.delete(name);
    const problem = wanted === undefined ? undefined : pinned.includes(name) ? 'this host has pinned it' : problemOf(form, wanted);
    if (problem !== undefined) this.#why.set(name, problem);
    const next: Said = wanted === undefined || problem !== undefined ? local[name] : { value: wanted, from: 'collector' };
    const before = this.#inForce[name];
    if (next.value === before.value) {
      this.#inForce[name] = next;
      return false;
    }
    if (this.#appliers !== undefined && applies !== 'at once') {
      this.#why.set(name, 'it holds from the next start of the agent on');
      return false;
    }
    this.#inForce[name] = next;
    return true;
  }

  #apply(name: SettingName): void {
    const apply = (this.#appliers as Partial<Record<SettingName, (value: unknown) => void>>)[name];
    try {
      apply?.(parsed(name, this.#inForce[name].value));
    } catch (error) {
      this.#why.set(name, reasonOf(error));
    }
  }
}

function parsed(name: SettingName, text: string): unknown {
  return (SETTING_OPTIONS as OptionTable)[optionOf(name)]?.parse?.(text);
}
