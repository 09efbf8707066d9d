// `tcplens serve`: the collector as a process.
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { COMMON_OPTIONS } from '../agent/process/common-options.ts';
import { createLog } from '../agent/process/log.ts';
import { addOptions, type OptionValues } from '../agent/process/options.ts';
import { VERSION } from '../agent/process/version.ts';
import { linkText } from './admin/print.ts';
import { Collector } from './collector.ts';
import { COLLECTOR_OPTIONS, type Config, checkConfig } from './config.ts';
import { leave } from './leave.ts';

/** Each step of stopping may take this long: requests, the rest of the log, the engine. */
const STOP_MS = 10_000;

/** The first message to the parent process: the collector's URL, and a link for the owner's browser. */
export type Listens = { url: string; link: string };
/** The second message: the store is open. `isOpen`: agents of this machine need no credential. */
export type Ready = { isOpen: boolean };

const OWN_OPTIONS = { exitWithParent: COMMON_OPTIONS.exitWithParent };

export function command(): Command {
  return addOptions(addOptions(new Command('serve'), COLLECTOR_OPTIONS), OWN_OPTIONS).action(serve);
}

async function serve(config: Config & OptionValues<typeof OWN_OPTIONS>): Promise<void> {
  checkConfig(config);
  const logger = createLog(config.logLevel);
  const collector = new Collector(config, { version: VERSION, logger, dashboards: fromRoot('dashboards/dist') });
  const stopped = stopSignal(config.exitWithParent);
  try {
    const url = await collector.start();
    const link = url + collector.newLink();
    if (process.send) process.send({ url, link } satisfies Listens);
    else process.stdout.write(linkText(link));
    await Promise.race([collector.fill().then(() => process.send?.({ isOpen: collector.isOpen } satisfies Ready)), stopped]);
    logger.info({ signal: await stopped }, 'stopping');
  } finally {
    const clean = await collector.stop(STOP_MS);
    // An open IPC channel would keep the process alive.
    if (process.connected) process.disconnect();
    // Work that did not stop in time would keep it alive too.
    if (!clean) leaveNow('not all of it ended in time');
  }
}

/** Resolves with the signal that asks the process to end. A second one ends it at once: the log is whole at any moment. */
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
