// `tcplens admin`: what the tables are and for how long they are kept, for whoever runs a collector.
import process from 'node:process';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { COMMON_OPTIONS } from '../agent/process/common-options.ts';
import { addOptions, type OptionValues } from '../agent/process/options.ts';
import { escapeControls } from '../agent/process/terminal-text.ts';
import { linkText, migrationsText, retentionText } from './admin/print.ts';
import { newLink } from './admin/running.ts';
import { openTarget, type Target } from './admin/target.ts';
import { CLASSES, type RetentionChange } from './api/admin.ts';
import { STORE_OPTIONS } from './config.ts';

/** Migrations are pending, and --apply was not given. */
const PENDING = 3;

const exitCodes = `
Exit codes:
  0   done, or nothing to do
  1   failed; the message says at what
  2   wrong usage
  3   migrations are pending (apply them with --apply; a collector does so when it starts)`;

/** Of `admin` and of all below it: given before or after them. */
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
    .description('print a link that makes a browser the owner’s, once: it then sees command lines')
    .action((_, command: Command) => showLink(command.optsWithGlobals()));
  for (const each of [migrations, retention, set, link]) each.exitOverride().configureHelp({ showGlobalOptions: true });
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

async function using(given: Given, work: (target: Target) => Promise<number>): Promise<void> {
  const target = await openTarget(given);
  const code = await work(target).finally(() => target.close());
  // The embedded engine keeps threads of its own.
  process.exit(code);
}

function print({ json }: Given, answer: object, text: string): void {
  process.stdout.write(json ? `${escapeControls(JSON.stringify(answer))}\n` : text);
}
