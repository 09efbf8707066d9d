// `tcplens admin user` and `admin token`: users and tokens, and their roles.
import { Argument, type Command, Option } from 'commander';
import { parseDuration } from '../../agent/process/units.ts';
import { ROLES, type Role } from '../access/records.ts';
import type { Done } from '../api/access.ts';
import { ADMIN_API } from '../api/admin.ts';
import type { MadeToken, NewToken, NewUser, Tokens, UserChange, Users } from '../api/people.ts';
import { askPassword } from './ask-password.ts';
import type { Told } from './fleet-commands.ts';
import { tokensText, tokenText, usersText } from './print-people.ts';
import type { Running } from './running.ts';

/** Asks the running collector and prints its answer. */
type Run = (command: Command, ask: (running: Running) => Promise<Told>) => Promise<void>;

const ROLE = 'viewer sees; operator sees command lines, too; admin changes all';
const roleOption = () => new Option('--role <role>', ROLE).choices(ROLES).default('viewer');

/** Adds the commands to `admin`, and returns them. */
export function peopleCommands(admin: Command, run: Run): Command[] {
  const user = admin.command('user').description('who logs in by name and password');
  const token = admin.command('token').description('tokens of scripts and other tools');
  return [user, ...userCommands(user, run), token, ...tokenCommands(token, run)];
}

function userCommands(user: Command, run: Run): Command[] {
  const add = user
    .command('add')
    .description('add a user; the password is asked for, or is the first line of standard input')
    .argument('<name>', 'letters, digits and . _ @ + -')
    .addOption(roleOption())
    .option('--no-password', 'only a trusted proxy can say that it is this user')
    .action((name: string, own: Pick<NewUser, 'role'> & { password: boolean }, command: Command) =>
      run(command, async ({ ask }) => {
        const password = own.password ? { password: await askPassword(name) } : {};
        const answer = await ask<Done>(ADMIN_API.users, { name, role: own.role, ...password } satisfies NewUser);
        return { answer, text: `user ${name} is added, as ${own.role}\n` };
      }),
    );
  const list = user
    .command('list')
    .description('list users and their roles')
    .action((_, command: Command) =>
      run(command, async ({ ask }) => {
        const found = await ask<Users>(ADMIN_API.users);
        return { answer: found, text: usersText(found) };
      }),
    );
  const remove = user
    .command('remove')
    .description('remove a user, and end the sessions')
    .argument('<name>')
    .action((name: string, _, command: Command) =>
      run(command, async ({ ask }) => ({ answer: await ask<Done>(pathOf(name), undefined, 'DELETE'), text: `user ${name} is removed\n` })),
    );
  const role = user
    .command('role')
    .description('give a user another role, from the next request on')
    .argument('<name>')
    .addArgument(new Argument('<role>', ROLE).choices(ROLES))
    .action((name: string, to: Role, _, command: Command) =>
      run(command, (running) => change(running, name, { role: to }, `is ${to} now`)),
    );
  const password = user
    .command('password')
    .description('give a user another password, asked for as by add, and end the sessions')
    .argument('<name>')
    .action((name: string, _, command: Command) =>
      run(command, async (running) => change(running, name, { password: await askPassword(name) }, 'has another password now')),
    );
  return [add, list, remove, role, password];
}

const pathOf = (name: string) => ADMIN_API.user.replace(':name', encodeURIComponent(name));

async function change({ ask }: Running, name: string, to: UserChange, done: string): Promise<Told> {
  return { answer: await ask<Done>(pathOf(name), to, 'PATCH'), text: `user ${name} ${done}\n` };
}

function tokenCommands(token: Command, run: Run): Command[] {
  const make = token
    .command('make')
    .description('print a new token; it cannot be read again')
    .argument('<name>', 'what it is for: letters, digits and . _ @ + -')
    .addOption(roleOption())
    .option('--for <duration>', 'how long it is good for', parseDuration, parseDuration('90d'))
    .action((name: string, own: { role: Role; for: number }, command: Command) =>
      run(command, async ({ ask }) => {
        const made = await ask<MadeToken>(ADMIN_API.tokens, { name, role: own.role, for_ms: own.for } satisfies NewToken);
        return { answer: made, text: tokenText(made) };
      }),
    );
  const list = token
    .command('list')
    .description('list tokens, their roles and when they end')
    .action((_, command: Command) =>
      run(command, async ({ ask }) => {
        const found = await ask<Tokens>(ADMIN_API.tokens);
        return { answer: found, text: tokensText(found) };
      }),
    );
  const revoke = token
    .command('revoke')
    .description('refuse a token from now on')
    .argument('<id>', 'as the list has it')
    .action((id: string, _, command: Command) =>
      run(command, async ({ ask }) => {
        const answer = await ask<Done>(ADMIN_API.token.replace(':id', encodeURIComponent(id)), undefined, 'DELETE');
        return { answer, text: `token ${id} is revoked\n` };
      }),
    );
  return [make, list, revoke];
}
