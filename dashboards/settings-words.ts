// Sentences about the settings of agents.
import type { HostSettings, SettingsAnswer } from '../server/api.ts';

type Rollout = NonNullable<SettingsAnswer['rollout']>;
type Where = SettingsAnswer['rules'][number]['where'];

const hosts = (count: number) => (count === 1 ? 'one host' : `${count} hosts`);

const STAGE: Record<Rollout['stage'], (rollout: Rollout) => string> = {
  first: ({ version, first, watch_ms }) =>
    `Version ${version} is being tried on ${hosts(first.length)} (${first.slice(0, 3).join(', ')}${first.length > 3 ? ', …' : ''}) for ${watch_ms / 1000} s.`,
  all: ({ version, watch_ms }) => `Version ${version} goes to all, and is watched for ${watch_ms / 1000} s.`,
  done: ({ version }) => `Version ${version} is rolled out.`,
  rolled_back: ({ version, base, why }) => `Version ${version} was taken back, to ${base === 0 ? 'none' : `version ${base}`}: ${why}.`,
};

/** The progress of the newest version, and whether it needs attention. */
export function rolloutSaid(rollout: Rollout): { text: string; isUnderWay: boolean; isBad: boolean } {
  const { stage, having, wanting } = rollout;
  const text = `${STAGE[stage](rollout)} ${having} of ${wanting} agents have told that they have what they are to have.`;
  return { text, isUnderWay: stage === 'first' || stage === 'all', isBad: stage === 'rolled_back' };
}

export function whereSaid({ labels, hosts: named }: Where): string {
  const terms = [...Object.entries(labels).map(([name, value]) => `${name}=${value}`), ...named];
  return terms.length === 0 ? 'all hosts' : terms.join(' ');
}

/** Why a setting differs from what the collector wants; '' if it does not. */
export function noteOf({ wanted, why }: HostSettings['in_force'][number]): string {
  if (why === undefined) return '';
  return wanted === undefined ? why : `not ${wanted}: ${why}`;
}

/** Parses a choice of hosts as "env=prod web-1": words with a = are labels, others names or ids of hosts. */
export function whereIn(text: string): Where {
  const terms = text.split(/[\s,]+/).filter((term) => term !== '');
  const labels = terms.filter((term) => term.includes('='));
  return {
    labels: Object.fromEntries(labels.map((term) => [term.slice(0, term.indexOf('=')), term.slice(term.indexOf('=') + 1)])),
    hosts: terms.filter((term) => !term.includes('=')),
  };
}
