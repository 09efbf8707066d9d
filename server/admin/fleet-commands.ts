// `tcplens admin enrol` and `admin agents`: who may join, and who has.
import { type Command, InvalidArgumentError } from 'commander';
import { parseCount, parseDuration } from '../../agent/process/units.ts';
import type { Agents, Collectors, Done, Labels, MadeEnrolment, NewEnrolment } from '../api/access.ts';
import { ADMIN_API } from '../api/admin.ts';
import { agentsText, collectorsText, enrolmentText } from './print-fleet.ts';
import type { Running } from './running.ts';

/** A collector's answer: `answer` for --json, `text` for people. */
export type Told = { answer: object; text: string };
/** Asks the running collector and prints its answer. */
type Run = (command: Command, ask: (running: Running) => Promise<Told>) => Promise<void>;

type EnrolOptions = { label: Labels; for: number; uses: number; rejoin: boolean };

/** Adds the commands to `admin`, and returns them. */
export function fleetCommands(admin: Command, run: Run): Command[] {
  const enrol = admin
    .command('enrol')
    .description('print a line that lets hosts join: paste it on each')
    .option('--label <name=value>', 'a label of the hosts that join with it, as in env=prod; may be repeated', label, {})
    .option('--for <duration>', 'how long hosts may join with it', parseDuration, parseDuration('1h'))
    .option('--uses <hosts>', 'how many hosts may join with it', parseCount(1, 100_000), 100)
    .option('--rejoin', 'a machine that was installed anew may take back the identity that it had', false)
    .action((options: EnrolOptions, command: Command) => run(command, (running) => makeEnrolment(running, options)));
  const agents = admin
    .command('agents')
    .description('list the hosts that have joined')
    .action((_, command: Command) => run(command, listAgents));
  const revoke = agents
    .command('revoke')
    .description('refuse a host from now on; what it has sent stays, and what it has not stays in its spool')
    .argument('<host-id>', 'as the list has it', hostId)
    .action((id: string, _, command: Command) => run(command, (running) => change(running, ADMIN_API.revoke, id, 'POST', 'revoked')));
  const remove = agents
    .command('delete')
    .description('forget a host; its rows stay')
    .argument('<host-id>', 'as the list has it', hostId)
    .action((id: string, _, command: Command) => run(command, (running) => change(running, ADMIN_API.agent, id, 'DELETE', 'forgotten')));
  return [enrol, agents, revoke, remove, ...collectorCommands(admin, run)];
}

function collectorCommands(admin: Command, run: Run): Command[] {
  const collectors = admin
    .command('collectors')
    .description('list the CAs that agents know collectors by, and the collectors of each')
    .action((_, command: Command) =>
      run(command, async ({ ask }) => {
        const found = await ask<Collectors>(ADMIN_API.collectors);
        return { answer: found, text: collectorsText(found) };
      }),
    );
  const forget = collectors
    .command('forget')
    .description('have agents trust the CA of a collector that is gone no more')
    .argument('<ca>', 'as the list has it')
    .action((id: string, _, command: Command) =>
      run(command, async ({ ask }) => {
        const answer = await ask<Done>(ADMIN_API.collector.replace(':id', encodeURIComponent(id)), undefined, 'DELETE');
        return { answer, text: `the CA ${id} is forgotten: agents trust it until their next report\n` };
      }),
    );
  return [collectors, forget];
}

async function makeEnrolment({ ask }: Running, { label: labels, for: for_ms, uses, rejoin }: EnrolOptions): Promise<Told> {
  const made = await ask<MadeEnrolment>(ADMIN_API.enrolments, { labels, for_ms, uses, rejoin } satisfies NewEnrolment);
  return { answer: made, text: enrolmentText(made, { uses, rejoin }) };
}

async function listAgents({ ask }: Running): Promise<Told> {
  const found = await ask<Agents>(ADMIN_API.agents);
  return { answer: found, text: agentsText(found) };
}

async function change({ ask }: Running, path: string, id: string, method: string, done: string): Promise<Told> {
  const answer = await ask<Done>(path.replace(':host_id', id), method === 'POST' ? {} : undefined, method);
  return { answer, text: `host ${id} is ${done}\n` };
}

export function label(text: string, before: Labels): Labels {
  const [, name, value] = /^([a-z][a-z0-9_.-]{0,62})=(.{1,63})$/.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return { ...before, [name]: value };
  throw new InvalidArgumentError('Write it like env=prod: a name of small letters, digits, _ . and -, then at most 63 characters.');
}

export function hostId(text: string): string {
  if (/^[0-9a-f]{16}$/.test(text)) return text;
  throw new InvalidArgumentError('It has 16 hex digits: "tcplens admin agents" lists them.');
}
