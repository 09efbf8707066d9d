// The versions of the settings, and the rollout of the newest, which all collectors of a store share.
import { problemOf, type SettingForm } from '../../agent/contract/setting-form.ts';
import { KNOWN_SETTINGS } from '../../agent/contract/settings.ts';
import type { Agents } from '../access/agents.ts';
import type { RecordBook } from '../access/record-book.ts';
import type { RolloutRecord, SettingsRecord, SettingsRule } from '../access/records.ts';
import { Refusal } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { AgentStates } from './agent-states.ts';
import { firstOf, isUnderWay, rolledBack, settled, versionFor } from './rollout.ts';
import { type Change, changed, differs, matches, type Subject, valuesFor } from './rules.ts';

const CURRENT = 'current';

export type Known = { name: string; form: SettingForm; help: string; applies: string };
export type Asked = Change & { share: number; watch_ms: number; accept_loss: boolean; note: string };
/** `hosts`: those whose settings change. `first`: those of them that take the change first. */
export type Planned = { version: number; hosts: string[]; first: string[] };
type Version = SettingsRecord & { version: number };

export class SettingsBook {
  readonly #book: RecordBook;
  readonly #agents: Pick<Agents, 'list'>;
  readonly #states: AgentStates;

  constructor(book: RecordBook, agents: Pick<Agents, 'list'>, states: AgentStates) {
    this.#book = book;
    this.#agents = agents;
    this.#states = states;
  }

  get rollout(): RolloutRecord | undefined {
    return this.#book.get('rollout', CURRENT);
  }

  /** The newest first. */
  versions(): Version[] {
    return [...this.#book.all('settings')]
      .map(([id, record]) => ({ ...record, version: Number(id) }))
      .toSorted((a, b) => b.version - a.version);
  }

  rulesOf(version: number): SettingsRule[] {
    return this.#book.get('settings', String(version))?.rules ?? [];
  }

  /** The settings that the host should have now. */
  wantedBy(host_id: string): { version: number; values: Record<string, string> } {
    const version = versionFor(this.rollout, host_id);
    return { version, values: valuesFor(this.rulesOf(version), this.subject(host_id)) };
  }

  /** The host's name and labels, as far as they are known: a host that has not joined has no labels. */
  subject(host_id: string): Subject {
    const record = this.#book.get('agent', host_id);
    return { host_id, name: record?.name ?? '', labels: record?.labels ?? {} };
  }

  /** For messages: the host's name, or its id where the name is not known. */
  nameOf(host_id: string): string {
    return this.subject(host_id).name || host_id;
  }

  /**
   * The effects of a change, without making it. @param present hosts that can take a change now
   * @throws Refusal `settings_invalid`, `rollout_under_way`
   */
  plan(asked: Asked, present: ReadonlySet<string>): Planned & { rules: SettingsRule[] } {
    this.#checkSettled();
    const base = this.rulesOf(settled(this.rollout));
    const rules = changed(base, asked);
    this.#check(asked);
    if (JSON.stringify(rules).length > LIMITS.settings_bytes.number)
      throw new Refusal('settings_invalid', 'there are too many rules: name labels of hosts instead of hosts, or take rules away');
    return { rules, ...this.#spread(base, rules, asked.share, present) };
  }

  /** @throws Refusal as `plan` */
  async change(asked: Asked, present: ReadonlySet<string>, made_by: string, now_ms: number): Promise<Planned> {
    await this.#book.look();
    const { rules, ...planned } = this.plan(asked, present);
    await this.#begin({ rules, planned, asked, made_by }, now_ms);
    return planned;
  }

  /** Rolls the running rollout back, or puts an earlier version in force, for all hosts at once. @throws Refusal `not_found` */
  async rollBack(version: number | undefined, made_by: string, now_ms: number): Promise<{ version: number }> {
    await this.#book.look();
    const { rollout } = this;
    if (rollout !== undefined && isUnderWay(rollout)) {
      await this.move(rolledBack(rollout, `${made_by} has taken it back`, now_ms));
      if (version === undefined || version === rollout.base) return { version: rollout.base };
    }
    const now = settled(this.rollout);
    const wanted = version ?? this.versions().find((one) => one.version < now)?.version ?? 0;
    if (wanted !== 0 && this.#book.get('settings', String(wanted)) === undefined)
      throw new Refusal('not_found', `there is no version ${wanted} of the settings`);
    const rules = this.rulesOf(wanted);
    const planned = this.#spread(this.rulesOf(now), rules, 1, new Set());
    const asked = { share: 1, watch_ms: 0, accept_loss: true, note: `as version ${wanted}` };
    await this.#begin({ rules, planned, asked, made_by }, now_ms);
    return { version: planned.version };
  }

  move(rollout: RolloutRecord): Promise<void> {
    return this.#book.put('rollout', CURRENT, rollout);
  }

  /** The settings that agents of a version know. */
  knownBy(agent_version: string | undefined): readonly Known[] {
    const record = agent_version === undefined ? undefined : this.#book.get('agent_version', agent_version);
    return (record?.known as Known[] | undefined) ?? KNOWN_SETTINGS;
  }

  #checkSettled(): void {
    const { rollout } = this;
    if (rollout !== undefined && isUnderWay(rollout))
      throw new Refusal('rollout_under_way', `version ${rollout.version} is being rolled out: wait for its end, or roll it back`);
  }

  /** Every agent that would get a value must know the setting and accept the value. */
  #check({ where, set }: Change): void {
    const versions = new Map<string | undefined, string>([[undefined, 'agents of this version know']]);
    for (const [host_id, { agent_version }] of this.#states.all())
      if (matches(where, this.subject(host_id)))
        versions.set(agent_version, `${this.nameOf(host_id)}, whose agent is version ${agent_version}, knows`);
    for (const [agent_version, who] of versions)
      for (const [name, value] of Object.entries(set)) {
        const known = this.knownBy(agent_version).find((one) => one.name === name);
        const names = () =>
          this.knownBy(agent_version)
            .map((one) => one.name)
            .join(', ');
        if (known === undefined) throw new Refusal('settings_invalid', `${who} no setting "${name}": there are ${names()}`);
        const problem = problemOf(known.form, value);
        if (problem !== undefined) throw new Refusal('settings_invalid', `${name}: ${problem}`);
      }
  }

  #spread(base: readonly SettingsRule[], rules: readonly SettingsRule[], share: number, present: ReadonlySet<string>): Planned {
    const version = (this.versions()[0]?.version ?? 0) + 1;
    const joined = this.#agents.list().filter(({ revoked_ms }) => revoked_ms === undefined);
    const all = new Set([...joined.map(({ host_id }) => host_id), ...present]);
    const hosts = [...all].filter((host_id) => differs(base, rules, this.subject(host_id)));
    const there = hosts.filter((host_id) => present.has(host_id));
    return { version, hosts, first: share < 1 && there.length > 1 ? firstOf(there, share, version) : [] };
  }

  async #begin(
    { rules, planned, asked, made_by }: { rules: SettingsRule[]; planned: Planned; asked: Omit<Asked, keyof Change>; made_by: string },
    now_ms: number,
  ): Promise<void> {
    const { version, first } = planned;
    const base = settled(this.rollout);
    await this.#book.put('settings', String(version), { rules, made_ms: now_ms, made_by, note: asked.note });
    const stage = first.length > 0 ? 'first' : asked.watch_ms > 0 ? 'all' : 'done';
    const { watch_ms, accept_loss } = asked;
    await this.move({ version, base, first, stage, why: '', stage_ms: now_ms, watch_ms, accept_loss });
    for (const old of this.versions().slice(LIMITS.settings_versions.number))
      if (old.version !== base) await this.#book.remove('settings', String(old.version));
  }
}
