// `tcplens check`: what this kernel allows, and why not.
import { Command } from 'commander';
import { SOURCE_OPTIONS } from './config.ts';
import { type AgentError, CannotRunError, EXIT } from './errors.ts';
import { CAPABILITY, type Facts, type Problem, problemsOf } from './host/capabilities.ts';
import { readCgroup2Mount } from './host/cgroups.ts';
import { openSource, readFacts } from './open-source.ts';
import { addOptions, type OptionValues } from './options.ts';
import type { Hook } from './source.ts';

const CHECK_OPTIONS = {
  ...SOURCE_OPTIONS,
  json: { flags: '--json', help: 'as one JSON object' },
} as const;

export type Report = { facts: Facts; cgroup2: string | undefined; hooks: readonly Hook[]; problems: Problem[] };

export function command(): Command {
  const check = new Command('check').description('says what this kernel allows: each hook, and the reason where one is refused');
  return addOptions(check, CHECK_OPTIONS).action(async (config: OptionValues<typeof CHECK_OPTIONS>) => {
    const report = await inspect(config);
    process.stdout.write(config.json ? reportJson(report) : reportText(report));
    if (report.problems.length > 0) process.exitCode = EXIT.cannot_run;
  });
}

async function inspect(config: OptionValues<typeof CHECK_OPTIONS>): Promise<Report> {
  const facts = readFacts();
  const report = { facts, cgroup2: facts.platform === 'linux' ? readCgroup2Mount() : undefined };
  const problems = problemsOf(facts);
  if (problems.length > 0) return { ...report, hooks: [], problems };
  try {
    const source = await openSource({ ...config, replay: undefined });
    const hooks = [...source.hooks()];
    source.close();
    return { ...report, hooks, problems };
  } catch (error) {
    if (!(error instanceof CannotRunError)) throw error;
    return { ...report, hooks: [], problems: [problemOf(error)] };
  }
}

function problemOf({ code, message }: AgentError): Problem {
  return { code, message };
}

/** The report as one line of JSON. */
export function reportJson({ facts, cgroup2, hooks, problems }: Report): string {
  const { capabilities, ...rest } = facts;
  return `${JSON.stringify({ ...rest, capabilities: [...capabilities], cgroup2: cgroup2 ?? null, hooks, problems, can_run: problems.length === 0 })}\n`;
}

/** The report for a person, ending with the verdict. */
export function reportText({ facts, cgroup2, hooks, problems }: Report): string {
  const refused = hooks.filter(({ attached }) => !attached);
  const lines = [
    `kernel        ${facts.platform} ${facts.release}`,
    `BTF           ${facts.btf ? 'present' : 'missing'}`,
    `user          ${facts.uid === 0 ? 'root' : facts.uid}`,
    ...CAPABILITY.map((name) => `${name.padEnd(20)} ${facts.capabilities.has(name) ? 'yes' : 'no'}`),
    `cgroup2       ${cgroup2 ?? 'not mounted: rows carry no container or unit'}`,
    ...hooks.map(({ name, attached, reason }) => `hook ${name.padEnd(24)} ${attached ? 'attached' : `refused: ${reason}`}`),
    ...problems.map(({ message }) => `problem: ${message}`),
    verdict(problems, refused.length),
  ];
  return `${lines.join('\n')}\n`;
}

function verdict(problems: readonly Problem[], refused: number): string {
  if (problems.length > 0) return 'tcplens cannot watch this kernel; tcplens replay FILE works';
  return refused === 0 ? 'tcplens can watch this kernel' : `tcplens can watch this kernel, without ${refused} of its hooks`;
}
