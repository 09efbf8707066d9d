// `tcplens check`: says what this kernel allows, and why not the rest. Opens the kernel source as an agent does, looks at it, and closes it.
import { Command } from 'commander';
import { SOURCE_OPTIONS } from '../config.ts';
import { type Problem, problemsOf } from '../host/capabilities.ts';
import { readCgroup2Mount } from '../host/cgroups.ts';
import { readKernelMemory } from '../host/kernel-memory.ts';
import { COMMON_OPTIONS } from '../process/common-options.ts';
import { CannotRunError, EXIT } from '../process/errors.ts';
import { addOptions, type OptionValues } from '../process/options.ts';
import { openHostKernel, readFacts } from '../source/open-source.ts';
import { type Report, reportJson, reportText, type Watching } from './check-report.ts';

const CHECK_OPTIONS = {
  ...SOURCE_OPTIONS,
  json: COMMON_OPTIONS.json,
} as const;

export function command(): Command {
  const check = new Command('check').description(
    'says what this kernel allows: each hook and field, with the reason where one is missing, and what an agent may still do once it runs',
  );
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
  if (problems.length > 0) return { ...report, problems };
  try {
    return { ...report, problems, watching: await watch(config) };
  } catch (error) {
    if (!(error instanceof CannotRunError)) throw error;
    const { code, message } = error;
    return { ...report, problems: [{ code, message } satisfies Problem] };
  }
}

/** Drops privileges before the sweep, so that namespaces are entered with the capabilities that an agent has. */
async function watch(config: OptionValues<typeof CHECK_OPTIONS>): Promise<Watching> {
  const source = await openHostKernel(config);
  try {
    const rights = source.restrict(config.ownNetns);
    source.sweep();
    return {
      hooks: source.hooks(),
      fields: source.fields(),
      netns: source.netns(),
      netns_refused: source.netns_refused(),
      memory: readKernelMemory(),
      rights,
    };
  } finally {
    source.close();
  }
}
