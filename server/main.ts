// `tcplens serve`: the collector as a process.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { destination, pino } from 'pino';
import { escapeLines } from '../agent/process/terminal-text.ts';
import { Collector } from './collector.ts';
import { addOptions, readConfig } from './config.ts';
import { leave } from './leave.ts';

/** Each step of stopping may take this long: requests, the rest of the log, the engine. */
const STOP_MS = 10_000;

export function command(): Command {
  return addOptions(new Command('serve'))
    .addOption(new Option('--exit-with-parent', 'stop when the IPC channel to the parent closes').hideHelp())
    .action(serve);
}

async function serve(texts: Record<string, unknown>): Promise<void> {
  const config = readConfig(texts);
  // Synchronous: the last lines before an exit are the ones that matter.
  const logger = pino({ level: config.log_level, base: null, hooks: { streamWrite: escapeLines } }, destination({ dest: 2, sync: true }));
  const collector = new Collector(config, { version: version(), logger, dashboards: fromRoot('dashboards/dist') });
  const stopped = stopSignal(texts['exitWithParent'] === true);
  try {
    const url = await collector.start();
    process.send?.({ url });
    await Promise.race([collector.fill(), stopped]);
    logger.info({ signal: await stopped }, 'stopping');
  } finally {
    const clean = await collector.stop(STOP_MS);
    // An open channel keeps the process alive.
    if (process.connected) process.disconnect();
    // So would what did not stop in time.
    if (!clean) leaveNow('not all of it ended in time');
  }
}

/** Resolves with what asks the process to end. Asked again, it ends at once: the log is always whole. */
function stopSignal(exitWithParent: boolean): Promise<string> {
  return new Promise((resolve) => {
    let asked = false;
    const ask = (signal: string) => {
      if (asked && signal !== 'disconnect') leaveNow(`asked again, by ${signal}`);
      asked = true;
      resolve(signal);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, ask);
    if (exitWithParent) process.on('disconnect', () => ask('disconnect'));
  });
}

function leaveNow(why: string): never {
  process.stderr.write(`tcplens: ended at once, ${why}; the log is whole: the next start goes on with it\n`);
  leave(1);
}

function fromRoot(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

function version(): string {
  const parsed = JSON.parse(readFileSync(fromRoot('package.json'), 'utf8')) as { version: string };
  return parsed.version;
}
