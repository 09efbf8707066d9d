// `tcplens admin`: for those who run a collector: its tables and their retention, checks, backups, agents, people and settings.
import { join, resolve } from 'node:path';
import process from 'node:process';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { COMMON_OPTIONS } from '../agent/process/common-options.ts';
import { ConfigError } from '../agent/process/errors.ts';
import { addOptions, type OptionValues } from '../agent/process/options.ts';
import { escapeControls } from '../agent/process/terminal-text.ts';
import { VERSION } from '../agent/process/version.ts';
import { backUp, type Manifest, restore } from './admin/backup.ts';
import { checkStore } from './admin/check-store.ts';
import { fleetCommands, type Told } from './admin/fleet-commands.ts';
import { peopleCommands } from './admin/people-commands.ts';
import { backupText, checkText, linkText, migrationsText, retentionText } from './admin/print.ts';
import { newLink, type Running, runningAt } from './admin/running.ts';
import { settingsCommands } from './admin/settings-commands.ts';
import { lockSnapshot, removeSnapshot, SNAPSHOT } from './admin/snapshot.ts';
import { openTarget, type Target } from './admin/target.ts';
import { CLASSES, type RetentionChange } from './api/admin.ts';
import { STORE_OPTIONS } from './config.ts';

/** Migrations are pending, and --apply was not given. */
const PENDING = 3;

const exitCodes = `
Exit codes:
  0   done, or nothing to do
  1   failed, or damaged; the message says at what
  2   wrong usage
  3   migrations are pending (apply them with --apply; a collector does so when it starts)`;

/** Options of `admin` and of all its subcommands: they may stand before or after the subcommand. */
const ADMIN_OPTIONS = {
  ...STORE_OPTIONS,
  tokenFile: {
    flags: '--token-file <file>',
    help: 'the owner’s token, for a collector that runs; usually "token" in its --data',
    parse: String,
  },
  json: COMMON_OPTIONS.json,
};

type Given = OptionValues<typeof ADMIN_OPTIONS> & { apply?: boolean };

export function command(): Command {
  const admin = addOptions(new Command('admin'), ADMIN_OPTIONS).addHelpText('after', exitCodes);
  const migrations = admin
    .command('migrations')
    .description('list the steps to this version’s tables: number, name, checksum, when applied')
    .option('--apply', 'apply what is pending')
    .action((_, command: Command) => showMigrations(command.optsWithGlobals()));
  const retention = admin
    .command('retention')
    .description('show each table’s rows, size, oldest day and days kept, and what was dropped for its size')
    .action((_, command: Command) => showRetention(command.optsWithGlobals()));
  const set = retention
    .command('set')
    .description('keep a class of tables for so many days')
    .addArgument(new Argument('<class>', 'tables that age together').choices(CLASSES))
    .addArgument(new Argument('<days>', 'from now on; what is older goes').argParser(days))
    .action((name: RetentionChange['class'], count: number, _, command: Command) =>
      showRetention(command.optsWithGlobals(), { class: name, days: count }),
    );
  const link = admin
    .command('link')
    .description('print a link that makes a browser the owner’s, once: it is an admin’s then')
    .action((_, command: Command) => showLink(command.optsWithGlobals()));
  const check = admin
    .command('check-store')
    .description('read a data directory that no collector uses: what is there, and what is missing')
    .action((_, command: Command) => showCheck(command.optsWithGlobals()));
  const backup = admin
    .command('backup')
    .description('copy the tables and the log of one moment to a new directory, also while a collector runs')
    .argument('<directory>', 'where to')
    .action((directory: string, _, command: Command) => makeBackup(command.optsWithGlobals(), directory));
  const bringBack = admin
    .command('restore')
    .description('make a new data directory (--data) of a backup')
    .argument('<directory>', 'the backup’s')
    .action((directory: string, _, command: Command) => bringBackup(command.optsWithGlobals(), directory));
  const fleet = fleetCommands(admin, (command, ask) => told(command.optsWithGlobals(), ask));
  const people = peopleCommands(admin, (command, ask) => told(command.optsWithGlobals(), ask));
  const settings = settingsCommands(admin, (command, ask) => told(command.optsWithGlobals(), ask));
  for (const each of [migrations, retention, set, link, check, backup, bringBack, ...fleet, ...people, ...settings])
    each.exitOverride().configureHelp({ showGlobalOptions: true });
  return admin;
}

function days(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 36_500) return count;
  throw new InvalidArgumentError('It must be a whole number of days from 1 to 36500.');
}

async function showMigrations(given: Given): Promise<void> {
  await using(given, async (target) => {
    if (given.apply) await target.migrate();
    const found = await target.migrations();
    print(given, found, migrationsText(found));
    const states = new Set(found.migrations.map(({ state }) => state));
    if (states.has('changed') || states.has('unknown')) return 1;
    return states.has('pending') ? PENDING : 0;
  });
}

async function showRetention(given: Given, change?: RetentionChange): Promise<void> {
  await using(given, async (target) => {
    const found = await (change ? target.change(change) : target.retention());
    print(given, found, retentionText(found));
    return 0;
  });
}

async function showLink(given: Given): Promise<void> {
  const url = await newLink(given);
  print(given, { url }, linkText(url));
}

/** Asks the running collector and prints its answer. */
async function told(given: Given, ask: (running: Running) => Promise<Told>): Promise<void> {
  const { answer, text } = await ask(runningAt(given));
  print(given, answer, text);
}

async function showCheck(given: Given): Promise<void> {
  refuseServer(given);
  const found = await checkStore(given.data);
  print(given, found, checkText(found));
  // The threads of the embedded engine would keep the process alive.
  process.exit(found.troubles.length === 0 ? 0 : 1);
}

async function makeBackup(given: Given, directory: string): Promise<void> {
  refuseServer(given);
  await using(given, async (target) => {
    const data = resolve(given.data);
    const unlock = lockSnapshot(data);
    try {
      await removeSnapshot(data);
      const { taken_at_ms } = await target.snapshot();
      const manifest = await backUp(join(data, SNAPSHOT), resolve(directory), { tcplens: VERSION, taken_at_ms });
      return printBackup(given, manifest);
    } finally {
      await removeSnapshot(data);
      unlock();
    }
  });
}

async function bringBackup(given: Given, directory: string): Promise<void> {
  refuseServer(given);
  printBackup(given, await restore(resolve(directory), resolve(given.data)));
}

function printBackup(given: Given, { tcplens, taken_at_ms, bytes, rows }: Manifest): number {
  const told = { tcplens, taken_at_ms, bytes, rows };
  print(given, told, backupText(told));
  return 0;
}

/** Refused for a ClickHouse server: its tables are not in the data directory. */
function refuseServer({ clickhouse }: Given): void {
  if (clickhouse === undefined) return;
  throw new ConfigError('bad_value', 'This is of the embedded engine’s files: a ClickHouse server has its own BACKUP and CHECK TABLE.');
}

async function using(given: Given, work: (target: Target) => Promise<number>): Promise<void> {
  const target = await openTarget(given);
  const code = await work(target).finally(() => target.close());
  // The threads of the embedded engine would keep the process alive.
  process.exit(code);
}

function print({ json }: Given, answer: object, text: string): void {
  process.stdout.write(json ? `${escapeControls(JSON.stringify(answer))}\n` : text);
}
