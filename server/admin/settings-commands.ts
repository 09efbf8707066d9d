// `tcplens admin settings`: the settings of agents.
import { type Command, InvalidArgumentError } from 'commander';
import { parseCount, parseDuration, parsePercent } from '../../agent/process/units.ts';
import type { Labels } from '../api/access.ts';
import { ADMIN_API } from '../api/admin.ts';
import type { HostSettings, SettingsAnswer, SettingsBack, SettingsChange, SettingsPlanned, SettingsRollback } from '../api/settings.ts';
import { hostId, label, type Told } from './fleet-commands.ts';
import { hostSettingsText, plannedText, settingsText } from './print-settings.ts';
import type { Running } from './running.ts';

/** Asks the running collector and prints its answer. */
type Run = (command: Command, ask: (running: Running) => Promise<Told>) => Promise<void>;
type ChangeOptions = { label: Labels; host: string[]; share: number; watch: number; acceptLoss: boolean; note: string; dryRun: boolean };

/** Adds the commands to `admin`, and returns them. */
export function settingsCommands(admin: Command, run: Run): Command[] {
  const settings = admin
    .command('settings')
    .description('what agents are told to do, and how far the newest version has come')
    .action((_, command: Command) => run(command, showSettings));
  const set = changing(settings.command('set'))
    .description('set settings of some hosts, or of all: a share of them first, then the others if nothing goes wrong')
    .argument('<name=value...>', 'as in interval=5s; "tcplens agent --help" says what each may be', pair)
    .action((values: Record<string, string>, options: ChangeOptions, command: Command) =>
      run(command, (running) => change(running, options, values, [])),
    );
  const unset = changing(settings.command('unset'))
    .description('leave settings to the hosts again')
    .argument('<name...>', 'as the list has them')
    .action((names: string[], options: ChangeOptions, command: Command) => run(command, (running) => change(running, options, {}, names)));
  const rollback = settings
    .command('rollback')
    .description('take back what is being rolled out, or go back to an earlier version, on all hosts at once')
    .argument('[version]', 'as the list has it; the one before without it', parseCount(0, Number.MAX_SAFE_INTEGER))
    .action((version: number | undefined, _, command: Command) => run(command, (running) => goBack(running, version ?? null)));
  const host = settings
    .command('host')
    .description('what is in force at one host, and who says so')
    .argument('<host-id>', 'as "tcplens admin agents" has it', hostId)
    .action((id: string, _, command: Command) => run(command, (running) => showHost(running, id)));
  return [settings, set, unset, rollback, host];
}

function changing(command: Command): Command {
  return command
    .option('--label <name=value>', 'only hosts with this label; may be repeated: they need all of them', label, {})
    .option('--host <host>', 'only this host, by id or name; may be repeated', (text: string, before: string[]) => [...before, text], [])
    .option('--share <percent>', 'of the hosts, that takes it first; 100%: all at once', parsePercent, parsePercent('10%'))
    .option('--watch <duration>', 'how long each step is watched for silent hosts and lost rows', parseDuration, parseDuration('1m'))
    .option('--accept-loss', 'rows that budgets withhold are meant to be withheld', false)
    .option('--note <text>', 'why', '')
    .option('--dry-run', 'only say what it would do', false);
}

async function showSettings({ ask }: Running): Promise<Told> {
  const answer = await ask<SettingsAnswer>(ADMIN_API.settings);
  return { answer, text: settingsText(answer) };
}

async function change(
  { ask }: Running,
  { label: labels, host: hosts, share, watch: watch_ms, acceptLoss: accept_loss, note, dryRun: dry_run }: ChangeOptions,
  set: Record<string, string>,
  unset: string[],
): Promise<Told> {
  const asked: SettingsChange = { where: { labels, hosts }, set, unset, share, watch_ms, accept_loss, note, dry_run };
  const answer = await ask<SettingsPlanned>(ADMIN_API.settings, asked);
  return { answer, text: plannedText(answer, asked) };
}

async function goBack({ ask }: Running, version: number | null): Promise<Told> {
  const answer = await ask<SettingsBack>(ADMIN_API.settingsRollback, { version } satisfies SettingsRollback);
  return { answer, text: `agents are told version ${answer.version}\n` };
}

async function showHost({ ask }: Running, id: string): Promise<Told> {
  const answer = await ask<HostSettings>(ADMIN_API.hostSettings.replace(':host_id', id));
  return { answer, text: hostSettingsText(answer) };
}

function pair(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, name, value] = /^([a-z][a-z-]*)=(.+)$/.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return { ...before, [name]: value };
  throw new InvalidArgumentError(`"${text}" sets nothing: write it like interval=5s.`);
}
