// SPDX-License-Identifier: Apache-2.0
// The subcommands of tcplens and how each of them ends. A subcommand's module is loaded only when it is called,
// so that `watch` starts without the collector and `serve` without the loader.
import process from 'node:process';
import { Command, CommanderError } from 'commander';
import type { ByCollector } from './agent/commands/investigate.ts';
import { EXIT, TcplensError } from './agent/process/errors.ts';
import { escapeLines } from './agent/process/terminal-text.ts';
import { VERSION } from './agent/process/version.ts';

type Subcommand = { name: string; summary: string; load: () => Promise<{ command: () => Command }> };

const subcommands: readonly Subcommand[] = [
  { name: 'up', summary: 'collector, dashboards and an agent on this host', load: () => import('./server/up.ts') },
  { name: 'serve', summary: 'the collector: takes rows, stores them, serves the dashboards', load: () => import('./server/main.ts') },
  {
    name: 'admin',
    summary: 'the tables (migrations, retention, check-store, backup, restore) and people (link, user, token)',
    load: () => import('./server/admin.ts'),
  },
  { name: 'agent', summary: 'the agent: watches this host and ships what it sees', load: () => import('./agent/commands/agent.ts') },
  { name: 'watch', summary: 'print rows live, without a collector', load: () => import('./agent/commands/watch.ts') },
  { name: 'check', summary: 'say what this kernel allows, and why not', load: () => import('./agent/commands/check.ts') },
  {
    name: 'investigate',
    summary: 'say why segments of some connections were sent again, of this host or of a collector’s',
    load: async () => {
      const { command } = await import('./agent/commands/investigate.ts');
      const server = () => import('./server/investigate.ts');
      const investigate: ByCollector['investigate'] = async (filter, asked) => (await server()).investigateAt(filter, asked);
      const judge: ByCollector['judge'] = async (...recorded) => (await server()).judgeAgain(...recorded);
      return { command: () => command({ investigate, judge }) };
    },
  },
  { name: 'ask', summary: 'any question to a collector: metrics by anything, as a table or a file', load: () => import('./server/ask.ts') },
  { name: 'record', summary: 'write the stream of rows to a file', load: () => import('./agent/commands/record.ts') },
  { name: 'replay', summary: 'feed a recording to a collector in place of the kernel', load: () => import('./agent/commands/replay.ts') },
];

const exitCodes = `
Exit codes:
  0   done
  1   failed; the message says at what
  2   wrong usage
  78  this machine cannot run it: no root, capability or kernel type information, or no hook could be attached`;

/** The program with the subcommand that `args` calls loaded, and of the others what help shows of them. */
async function program(args: readonly string[]): Promise<Command> {
  const root = new Command('tcplens').description('eBPF TCP observability').version(VERSION).addHelpText('after', exitCodes);
  const operands = args.filter((arg) => !arg.startsWith('-'));
  const called = operands[0] === 'help' ? operands[1] : operands[0];
  for (const { name, summary, load } of subcommands) {
    const command = name === called ? (await load()).command() : new Command(name);
    root.addCommand(
      command
        .name(name)
        .summary(summary)
        .description(command.description() || summary),
    );
  }
  // Commander's messages quote the arguments.
  const plain = { outputError: (text: string, write: (text: string) => void) => write(escapeLines(text)) };
  for (const command of withAll(root)) command.exitOverride().configureOutput(plain);
  return root;
}

/** The command and all below it. */
function withAll(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withAll)];
}

/** What an error means to the shell: its own `exitCode`, 2 for wrong usage, else 1. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  return error instanceof TcplensError ? error.exitCode : EXIT.failure;
}

/** The message of an error of tcplens's own; the stack of any other. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const foreseen = error instanceof TcplensError && process.env['TCPLENS_DEBUG'] === undefined;
  return foreseen ? error.message : (error.stack ?? error.message);
}

// The reader of stdout has closed the pipe, as in `tcplens watch | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

// An empty variable counts as unset: an option would take it for a value.
for (const [name, value] of Object.entries(process.env)) if (value === '' && /^(TCPLENS|OTEL)_/.test(name)) delete process.env[name];

const args = process.argv.length > 2 ? process.argv.slice(2) : ['--help'];
try {
  await (await program(args)).parseAsync(args, { from: 'user' });
} catch (error) {
  // Commander has already written its message.
  if (!(error instanceof CommanderError)) process.stderr.write(`tcplens: ${escapeLines(messageOf(error))}\n`);
  // Not process.exit(), which frees the engine's memory while its threads use it. A command that fails closes what it has opened.
  process.exitCode = exitCodeOf(error);
}
