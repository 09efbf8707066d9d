// `tcplens up`: the collector and an agent as two processes, so that storing and querying never delay the agent's drain.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { COMMON_OPTIONS } from '../agent/process/common-options.ts';
import { EXIT } from '../agent/process/errors.ts';
import { addOptions, argumentsOf, asTexts, type OptionValues } from '../agent/process/options.ts';
import { linkText } from './admin/print.ts';
import { runningAt } from './admin/running.ts';
import type { MadeEnrolment, NewEnrolment } from './api/access.ts';
import { ADMIN_API } from './api/admin.ts';
import { COLLECTOR_OPTIONS } from './config.ts';
import { StartError } from './errors.ts';
import type { Listens, Ready } from './main.ts';

const FOR_COLLECTOR = asTexts(COLLECTOR_OPTIONS);
const { replay, loop, interval, metrics, otlp } = COMMON_OPTIONS;
const FOR_AGENT = asTexts({ replay, loop, interval, metrics, otlp });

type Texts = OptionValues<typeof FOR_COLLECTOR> & OptionValues<typeof FOR_AGENT>;

const READY_MS_MAX = 60_000;
const STOP_MS_MAX = 40_000;
/** The agent's enrolment ends after this time. */
const JOIN_MS = 60_000;

export function command(): Command {
  return addOptions(addOptions(new Command('up'), FOR_COLLECTOR), FOR_AGENT).action(run);
}

async function run(texts: Texts): Promise<void> {
  const stop = stopSignal();
  const stopped = new Promise<undefined>((resolve) => stop.addEventListener('abort', () => resolve(undefined)));
  const collector = start('serve', argumentsOf(FOR_COLLECTOR, texts));
  const died = ended(collector).then((how) => Promise.reject(new StartError('child_ended', `the collector ended by itself (${how})`)));
  // No unhandled rejection when this process itself has ended the collector.
  died.catch(() => undefined);
  let agent: ChildProcess | undefined;
  try {
    const listens = await Promise.race([listening(collector), died, stopped]);
    const ready = listens && (await Promise.race([readyIn(collector, stop), died]));
    if (listens === undefined || stop.aborted) return;
    const { url, link } = listens;
    process.stdout.write(`tcplens: dashboards on ${url}${ready ? '' : ' (not ready yet: it says above why)'}\n`);
    process.stdout.write(linkText(link));
    const own = ['--collector', url, '--spool', join(texts.data, 'agent'), ...(await joining(url, texts.data, ready))];
    agent = start('agent', [...own, ...argumentsOf(FOR_AGENT, texts)]);
    void ended(agent).then((how) => stop.aborted || tellOfAgent(how));
    await Promise.race([died, stopped]);
  } finally {
    // The agent is ended first, as it needs the collector to send its last rows.
    if (agent) await end(agent);
    await end(collector);
  }
}

/**
 * Starts a child in its own process group, so that Ctrl-C reaches only this process, which then ends the children. If this process is
 * killed, the child ends by itself. The launcher is used because it knows Node's options for each subcommand.
 */
function start(subcommand: 'serve' | 'agent', args: readonly string[]): ChildProcess {
  const launcher = fileURLToPath(new URL('../tcplens', import.meta.url));
  return spawn(launcher, [subcommand, ...args, '--exit-with-parent'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: true });
}

/** Resolves when the child has ended, with the way it ended in words. */
async function ended(child: ChildProcess): Promise<string> {
  if (!hasEnded(child)) await once(child, 'exit');
  return child.exitCode === null ? `by ${child.signalCode}` : `exit code ${child.exitCode}`;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const giveUp = new AbortController();
  const late = sleep(STOP_MS_MAX, undefined, { signal: giveUp.signal }).then(() => child.kill('SIGKILL'));
  late.catch(() => undefined);
  await exit;
  giveUp.abort();
}

/** Resolves with the collector's first message. */
async function listening(collector: ChildProcess): Promise<Listens> {
  const [message] = (await once(collector, 'message')) as [Listens];
  return message;
}

/** Resolves with the collector's second message; undefined after READY_MS_MAX. */
async function readyIn(collector: ChildProcess, stop: AbortSignal): Promise<Ready | undefined> {
  const late = AbortSignal.any([stop, AbortSignal.timeout(READY_MS_MAX)]);
  const message = await once(collector, 'message', { signal: late }).catch(() => undefined);
  return message?.[0] as Ready | undefined;
}

/** The agent's options to join, if it needs a credential. An agent that has joined before does not use the line. */
async function joining(url: string, data: string, ready: Ready | undefined): Promise<string[]> {
  if (ready?.isOpen !== false) return [];
  const state = join(data, 'agent');
  const own = ['--state-dir', state];
  const asked: NewEnrolment = { labels: {}, for_ms: JOIN_MS, uses: 1, rejoin: false };
  const { line } = await runningAt({ data, tokenFile: undefined }).ask<MadeEnrolment>(ADMIN_API.enrolments, asked);
  // The URL in the line is the public one, which may not lead here from this machine.
  return [...own, '--join', `${url}#${line.split('#')[1]}`];
}

function tellOfAgent(end: string): void {
  const cannot = end === `exit code ${EXIT.cannot_run}`;
  const what = cannot ? 'the agent cannot watch this machine, for the reason above' : `the agent ended (${end})`;
  process.stderr.write(`tcplens: ${what}; the collector goes on. --replay FILE shows a recording instead.\n`);
}

/** Aborts when this process is asked to end. A second request changes nothing: the children are still waited for, within their limits. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
  return stop.signal;
}
