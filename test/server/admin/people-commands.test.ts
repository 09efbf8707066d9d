// `tcplens admin user` and `admin token` as processes, beside a collector that speaks TLS with a CA of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PEOPLE_API, type Tokens, type Users } from '../../../server/api/people.ts';
import { API } from '../../../server/api.ts';
import { root } from '../../support/project-files.ts';
import { runUntilEnd } from '../../support/run-until-end.ts';
import { ask } from '../support/ask.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory, until } from '../support/collector.ts';
import { parsed } from './admin-command.ts';

const PASSWORD = 'correct horse battery';
let directory: TestDirectory;
let collector: TestCollector;
beforeAll(async () => {
  directory = await testDirectory();
  collector = await startCollector(directory.path, { listen: '0.0.0.0:0' });
});
afterAll(async () => {
  await collector.stop();
  await directory.remove();
});

const admin = (args: string[], input = '') => runUntilEnd(join(root, 'tcplens'), ['admin', ...args, '--data', directory.path], { input });
const login = (name: string, password: string) => ask(collector.url, 'POST', PEOPLE_API.login, { body: { name, password } });

test('a user is added with a password from standard input, changed and removed', async () => {
  expect(collector.url).toMatch(/^https:/);
  expect(await admin(['user', 'add', 'ada', '--role', 'operator'], `${PASSWORD}\n`)).toEqual({
    code: 0,
    signal: null,
    stdout: 'user ada is added, as operator\n',
    stderr: '',
  });
  expect(await login('ada', PASSWORD)).toMatchObject({ status: 200, setCookie: expect.stringMatching(/^__Host-tcplens=.*; Secure$/) });
  expect(await admin(['user', 'role', 'ada', 'admin'])).toMatchObject({ code: 0, stdout: 'user ada is admin now\n' });
  expect(await admin(['user', 'password', 'ada'], `${PASSWORD} 2\n`)).toMatchObject({ code: 0 });
  expect((await login('ada', PASSWORD)).status).toBe(401);
  expect((await login('ada', `${PASSWORD} 2`)).status).toBe(200);
  await admin(['user', 'add', 'bob', '--no-password']);
  expect((await admin(['user', 'list'])).stdout).toMatch(/^ada +admin +\d{4}-\S+ \S+ UTC +yes\nbob +viewer .* no$/m);
  expect(await admin(['user', 'remove', 'ada'])).toMatchObject({ code: 0, stdout: 'user ada is removed\n' });
  expect(parsed<Users>(await admin(['user', 'list', '--json'])).users.map(({ name }) => name)).toEqual(['bob']);
});

test('a token is made, listed and revoked', async () => {
  const made = await admin(['token', 'make', 'grafana', '--for', '7d']);
  const [, token = '', id = ''] = /^(tcplens-token\.([0-9a-f]{16})\.[0-9a-f]{64})\nit ends at /.exec(made.stdout) ?? [];
  const seen = () => ask(collector.url, 'GET', API.overview, { headers: { authorization: `Bearer ${token}` } });
  expect((await seen()).status).toBe(200);
  const { tokens } = parsed<Tokens>(await admin(['token', 'list', '--json']));
  expect(tokens).toMatchObject([{ id, name: 'grafana', role: 'viewer', made_by: 'owner' }]);
  expect(await admin(['token', 'revoke', id])).toMatchObject({ code: 0, stdout: `token ${id} is revoked\n` });
  expect((await seen()).status).toBe(401);
});

test('the collector is listed with its CA, which cannot be forgotten while it is there', async () => {
  const { stdout } = await admin(['collectors']);
  const [, id = ''] =
    /^name +address +last heard +CA ends +CA\n\S+ +https:\S+ +\d{4}-\S+ \S+ UTC +\d{4}-\S+ \S+ UTC +([0-9a-f]{64})\n$/.exec(stdout) ?? [];
  expect(await admin(['collectors', 'forget', id])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/was heard \d+ s ago: stop it/),
  });
});

test.each<[string[], string, number, RegExp]>([
  [['user', 'add', 'eve'], '', 2, /No password has come/],
  [['user', 'add', 'eve'], 'short\n', 1, /body\/password must not have fewer than 10 characters/],
  [['user', 'add', 'eve', '--password', PASSWORD], '', 2, /unknown option '--password'/],
  [['user', 'add', 'eve', '--role', 'king'], '', 2, /Allowed choices are viewer, operator, admin/],
  [['user', 'remove', 'eve'], '', 1, /there is no user eve/],
  [['token', 'make', 'x', '--for', 'ever'], '', 2, /"ever" is not a duration/],
  [['token', 'revoke', 'x'], '', 1, /params\/id must match pattern/],
])('%j exits with an error that says why', async (args, input, code, says) => {
  const ended = await admin(args, input);
  expect(ended).toMatchObject({ code, stdout: '' });
  expect(ended.stderr).toMatch(says);
});

/** Types each answer when its question has come. @returns all that the terminal showed */
async function onTerminal(
  args: string[],
  answers: readonly [question: string, answer: string][],
): Promise<{ shown: string; code: number }> {
  const command = [join(root, 'tcplens'), 'admin', ...args, '--data', directory.path].join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    shown += chunk;
  });
  // Not its exit: what it has written last may still be on its way then.
  const ended = once(child, 'close');
  for (const [question, answer] of answers) {
    await until(
      () => shown,
      (all) => all.includes(question),
    );
    child.stdin.write(answer);
  }
  const [code] = (await ended) as [number];
  return { shown, code };
}

test('on a terminal the password is asked for twice, and not shown', async () => {
  const typed: [string, string][] = [
    ['password of kim: ', `${PASSWORD}x\u007f\r`],
    ['the same again: ', `${PASSWORD}\r`],
  ];
  const { shown, code } = await onTerminal(['user', 'add', 'kim'], typed);
  expect(code).toBe(0);
  expect(shown).not.toContain('correct');
  expect((await login('kim', PASSWORD)).status).toBe(200);
});

test.each<[string, [string, string][], RegExp]>([
  [
    'two different ones',
    [
      ['password of lee: ', 'one password\r'],
      ['again: ', 'another one\r'],
    ],
    /two different passwords: nothing was changed/,
  ],
  ['Ctrl-C', [['password of lee: ', 'one\u0003']], /No password was given: nothing was changed/],
  ['Ctrl-D', [['password of lee: ', '\u0004']], /No password was given: nothing was changed/],
])('%s on a terminal change nothing', async (_, typed, says) => {
  const { shown, code } = await onTerminal(['user', 'add', 'lee'], typed);
  expect(shown).toMatch(says);
  expect(code).toBe(2);
  expect(parsed<Users>(await admin(['user', 'list', '--json'])).users.map(({ name }) => name)).not.toContain('lee');
});
