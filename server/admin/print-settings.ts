// What `tcplens admin settings` prints for people.
import { escapeControls } from '../../agent/process/terminal-text.ts';
import type { HostSettings, SettingsAnswer, SettingsChange, SettingsPlanned } from '../api/settings.ts';
import { momentText, table } from '../print-table.ts';

type Rollout = NonNullable<SettingsAnswer['rollout']>;

export function settingsText({ version, rules, rollout, versions, channels }: SettingsAnswer): string {
  const agents = `${channels} ${channels === 1 ? 'agent has' : 'agents have'} a control channel here`;
  const rows = rules.flatMap(({ where, values }) => Object.entries(values).map(([name, value]) => [whereText(where), name, value]));
  const list = rows.length === 0 ? 'agents do what their hosts say\n' : table(['hosts', 'setting', 'value'], rows, new Set());
  const history = versions.map((one) => [String(one.version), momentText(one.made_ms), one.made_by, one.note]);
  const before = history.length === 0 ? '' : `\n${table(['version', 'made', 'by', 'note'], history, new Set([0]))}`;
  return `version ${version}; ${agents}\n${rollout === null ? '' : `${rolloutText(rollout)}\n`}\n${list}${before}`;
}

const STAGE: Record<Rollout['stage'], (rollout: Rollout) => string> = {
  first: ({ version, first, watch_ms }) => `version ${version} is with the first ${first.length} hosts, for ${watch_ms / 1000} s`,
  all: ({ version, watch_ms }) => `version ${version} goes to all, and is watched for ${watch_ms / 1000} s`,
  done: ({ version }) => `version ${version} is rolled out`,
  rolled_back: ({ version, base, why }) => `version ${version} was taken back to ${base}: ${why}`,
};

function rolloutText(rollout: Rollout): string {
  return escapeControls(`${STAGE[rollout.stage](rollout)} (${rollout.having} of ${rollout.wanting} agents have it)`);
}

export function plannedText({ version, hosts, first }: SettingsPlanned, { dry_run, watch_ms }: SettingsChange): string {
  const whom = hosts === 1 ? 'one host' : `${hosts} hosts`;
  const steps =
    first.length === 0 ? `all at once` : `first ${first.join(', ')}; the others ${watch_ms / 1000} s later, if nothing goes wrong`;
  const follow = dry_run
    ? 'Nothing was changed.'
    : '"tcplens admin settings" shows how it goes, "tcplens admin settings rollback" takes it back.';
  return `${escapeControls(`version ${version} changes ${whom}: ${steps}.`)}\n${follow}\n`;
}

export function hostSettingsText({ in_force, version, wanted, connected, agent_version, at_ms }: HostSettings): string {
  if (at_ms === 0) return 'no agent of this host has told of its settings\n';
  const rows = in_force.map(({ name, value, from, wanted: other, why }) => [
    name,
    value,
    from,
    why === undefined ? '' : `${other === undefined ? '' : `not ${other}: `}${why}`,
  ]);
  const state = version === wanted ? `has version ${version}` : `has version ${version} and is to have ${wanted}`;
  const channel = connected ? 'its control channel is open here' : 'it has no control channel here';
  return `agent ${escapeControls(agent_version)} ${state}; ${channel}\n\n${table(['setting', 'in force', 'said by', 'note'], rows, new Set())}`;
}

function whereText({ labels, hosts }: SettingsAnswer['rules'][number]['where']): string {
  return [...Object.entries(labels).map(([name, value]) => `${name}=${value}`), ...hosts].join(' ') || 'all';
}
