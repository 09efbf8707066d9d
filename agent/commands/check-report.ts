// What `tcplens check` found, as text for a person and as JSON. Pure.

import type { NetnsEntity } from '../contract/agent-report.ts';
import { CAPABILITY, type Facts, type Problem } from '../host/capabilities.ts';
import type { KernelMemory } from '../host/kernel-memory.ts';
import type { Rights } from '../host/privileges.ts';
import { bytes } from '../process/amounts.ts';
import { escapeControls } from '../process/terminal-text.ts';
import type { Hook, NetnsRefusal } from '../source/row-source.ts';

/** What was found with the programs attached. */
export type Watching = {
  hooks: readonly Hook[];
  fields: readonly Hook[];
  netns: readonly NetnsEntity[];
  netns_refused: readonly NetnsRefusal[];
  memory: KernelMemory;
  rights: Rights;
};

/** Without `watching` the kernel source could not be opened; `problems` says why. */
export type Report = { facts: Facts; cgroup2: string | undefined; problems: readonly Problem[]; watching?: Watching };

/** One line of JSON. */
export function reportJson({ facts, cgroup2, problems, watching }: Report): string {
  const { capabilities, ...rest } = facts;
  const { rights = null, ...seen } = watching ?? { hooks: [], fields: [], netns: [], netns_refused: [], memory: null };
  const can_run = problems.length === 0;
  const report = { ...rest, capabilities: [...capabilities], cgroup2: cgroup2 ?? null, ...seen, after_start: rights, problems, can_run };
  return `${escapeControls(JSON.stringify(report))}\n`;
}

/** The report as text for a person; the verdict comes last. */
export function reportText({ facts, cgroup2, problems, watching }: Report): string {
  const lines = [
    line('kernel', `${facts.platform} ${facts.release}`),
    line('BTF', facts.btf ? `present; of modules: ${facts.module_btf.join(', ') || 'none'}` : 'missing'),
    line('user', userName(facts.uid)),
    ...CAPABILITY.map((name) => line(name, facts.capabilities.has(name) ? 'yes' : 'no')),
    line('cgroup2', cgroup2 ?? 'not mounted: rows carry no container or unit'),
    ...(watching ? watchingLines(watching) : []),
    ...problems.map(({ message }) => `problem: ${escapeControls(message)}`),
    verdict(problems, watching),
  ];
  return `${lines.join('\n')}\n`;
}

function watchingLines({ hooks, fields, netns, netns_refused, memory, rights }: Watching): string[] {
  return [
    ...hooks.map(({ name, attached, reason }) => line(`hook ${name}`, attached ? 'attached' : `refused: ${reason}`)),
    ...fields.map(({ name, attached, reason }) => line(`field ${name}`, attached ? 'told' : `not told: ${reason}`)),
    line('namespaces', `${netns.length} entered, ${netns_refused.length} refused`),
    ...netns_refused.map(({ inode, name, reason }) => line(`namespace ${name || inode}`, `refused: ${reason}`)),
    line('kernel memory', `${bytes(memory.rings)} in rings, ${bytes(memory.other_maps)} in other maps`),
    ...rightsLines(rights),
  ];
}

function rightsLines({ uid, capabilities, bounding_empty, threads }: Rights): string[] {
  const kept = Object.entries(capabilities);
  return [
    line(
      'once it runs',
      `${userName(uid)}, no_new_privs, bounding set ${bounding_empty ? 'empty' : 'as it was'}, in all ${threads} threads`,
    ),
    ...kept.map(([name, use]) => line(`keeps ${name}`, use)),
    ...(kept.length === 0 ? [line('keeps', 'no capability')] : []),
  ];
}

function line(what: string, found: string): string {
  return `${escapeControls(what).padEnd(28)} ${escapeControls(found)}`;
}

function userName(uid: number): string {
  return uid === 0 ? 'root' : `user ${uid}`;
}

function verdict(problems: readonly Problem[], watching: Watching | undefined): string {
  if (problems.length > 0) return 'tcplens cannot watch this kernel; tcplens replay FILE works';
  const refused = watching?.hooks.filter(({ attached }) => !attached).length ?? 0;
  return refused === 0 ? 'tcplens can watch this kernel' : `tcplens can watch this kernel, without ${refused} of its hooks`;
}
