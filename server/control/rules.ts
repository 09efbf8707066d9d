// Which settings a host gets, by the rules. Pure functions.
import type { SettingsRule, Where } from '../access/records.ts';

/** `host_id`: 16 hex digits. `name`: the host's own name; '' where it is not known. */
export type Subject = { host_id: string; name: string; labels: Readonly<Record<string, string>> };

export type Change = { where: Where; set: Readonly<Record<string, string>>; unset: readonly string[] };

export function matches({ labels, hosts }: Where, { host_id, name, labels: own }: Subject): boolean {
  if (hosts.length > 0 && !hosts.includes(host_id) && !hosts.includes(name)) return false;
  return Object.entries(labels).every(([label, value]) => own[label] === value);
}

/** The values of all rules that match the host; of several for one setting, that of the last rule. */
export function valuesFor(rules: readonly SettingsRule[], host: Subject): Record<string, string> {
  return Object.assign({}, ...rules.filter(({ where }) => matches(where, host)).map(({ values }) => values));
}

/** The rules after a change. A rule for the same hosts is changed in its place; a rule for other hosts is added at the end. */
export function changed(rules: readonly SettingsRule[], { where, set, unset }: Change): SettingsRule[] {
  const own = keyOf(where);
  const known = rules.some((rule) => keyOf(rule.where) === own);
  const all = known ? rules : [...rules, { where, values: {} }];
  return all
    .map((rule) => (keyOf(rule.where) === own ? { where: rule.where, values: without({ ...rule.values, ...set }, unset) } : rule))
    .filter(({ values }) => Object.keys(values).length > 0);
}

/** Whether the change of the rules changes the host's settings. */
export function differs(before: readonly SettingsRule[], after: readonly SettingsRule[], host: Subject): boolean {
  const [one, other] = [valuesFor(before, host), valuesFor(after, host)];
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].some((name) => one[name] !== other[name]);
}

function without(values: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)));
}

function keyOf({ labels, hosts }: Where): string {
  return JSON.stringify([Object.entries(labels).toSorted(), hosts.toSorted()]);
}
