import { Command } from 'commander';
import { expect, test } from 'vitest';
import { COMMON_OPTIONS } from '../../agent/process/common-options.ts';
import { isLoopbackHostHeader } from '../../agent/process/loopback.ts';
import { addOptions, argumentsOf, asTexts, type OptionTable, type OptionValues } from '../../agent/process/options.ts';
import { COLLECTOR_OPTIONS, checkConfig } from '../../server/config.ts';

function parse<Table extends OptionTable>(table: Table, ...args: string[]): OptionValues<Table> {
  const silent = { writeOut: () => undefined, writeErr: () => undefined };
  return addOptions(new Command('serve'), table).exitOverride().configureOutput(silent).parse(args, { from: 'user' }).opts();
}

test('defaults', () => {
  expect(parse(COLLECTOR_OPTIONS)).toEqual({
    listen: { host: '127.0.0.1', port: 8600 },
    data: '.data',
    logMax: 2048 * 1024 * 1024,
    inFlightMax: 64 * 1024 * 1024,
    retentionSize: { share: 0.8 },
    retireAfter: 24 * 3_600_000,
    insecure: false,
    login: false,
    logLevel: 'info',
    proxyRole: 'viewer',
    oidcScopes: 'openid profile email',
    oidcRoleClaim: 'groups',
  });
});

test.each([
  ['--listen', '[::1]:9000', 'listen', { host: '::1', port: 9000 }],
  ['--listen', 'localhost:0', 'listen', { host: 'localhost', port: 0 }],
  ['--listen', '127.1.2.3:80', 'listen', { host: '127.1.2.3', port: 80 }],
  ['--log-max', '16', 'logMax', 16 * 1024 * 1024],
  ['--retire-after', '7d', 'retireAfter', 7 * 24 * 3_600_000],
  ['--oidc-issuer', 'http://127.0.0.1:9', 'oidcIssuer', 'http://127.0.0.1:9'],
  [
    '--oidc-roles',
    'team=ops=operator,staff=viewer',
    'oidcRoles',
    new Map([
      ['team=ops', 'operator'],
      ['staff', 'viewer'],
    ]),
  ],
  ['--clickhouse', 'http://u:p@db:8123/tcp', 'clickhouse', new URL('http://u:p@db:8123/tcp')],
] as const)('%s %s', (flag, text, name, value) => {
  expect(parse(COLLECTOR_OPTIONS, flag, text)[name]).toEqual(value);
});

test('a cluster has to be reached through one of its servers', () => {
  expect(() => checkConfig(parse(COLLECTOR_OPTIONS, '--cluster', 'fleet'))).toThrow('--cluster needs --clickhouse');
  expect(() => checkConfig(parse(COLLECTOR_OPTIONS, '--cluster', 'fleet', '--clickhouse', 'http://db:8123'))).not.toThrow();
});

test.each<[string[], string]>([
  [['--proxy-user-header', 'X-User'], '--proxy-user-header needs --trusted-proxy'],
  [['--oidc-issuer', 'https://id.example'], '--oidc-issuer, --oidc-client-id and --oidc-roles come together'],
  [['--oidc-roles', 'staff=viewer', '--oidc-client-id', 'x'], 'give all three, or none'],
])('%j do not go together', (args, reason) => {
  expect(() => checkConfig(parse(COLLECTOR_OPTIONS, ...args))).toThrow(reason);
});

test.each([
  ['--cluster', "a'b", 'letters, digits and _'],
  ['--cluster', '', 'letters, digits and _'],
  ['--listen', '8600', 'write it like'],
  ['--listen', '127.0.0.1:86000', 'write it like'],
  ['--data', '/tmp/a{b}', 'without'],
  ['--data', '', 'without'],
  ['--clickhouse', 'db:8123', 'URL'],
  ['--log-max', '2GB', 'whole number from 4'],
  ['--log-max', '1', 'whole number from 4'],
  ['--log-level', 'loud', 'none of'],
  ['--retention-size', 'much', '500GB'],
  ['--retire-after', '24', 'a number and one of'],
  ['--trusted-proxy', '10.0.0.0/33', 'no range of addresses'],
  ['--proxy-user-header', 'X User', 'not the name of a header'],
  ['--proxy-role', 'king', 'none of viewer, operator, admin'],
  ['--oidc-issuer', 'http://id.example', 'write its https:// URL'],
  ['--oidc-client-secret-file', '/nonexistent', 'cannot read the secret in /nonexistent (ENOENT'],
  ['--oidc-roles', 'staff', 'write it like staff=viewer'],
  ['--oidc-roles', 'staff=king', 'none of viewer, operator, admin'],
])('%s %s is refused, and why', (flag, text, reason) => {
  expect(() => parse(COLLECTOR_OPTIONS, flag, text)).toThrow(reason);
  // Also by a command that only hands it on.
  expect(() => parse(asTexts(COLLECTOR_OPTIONS), flag, text)).toThrow(reason);
});

test('what one process was given can be handed to another', () => {
  const given = ['--listen', '127.0.0.1:9000', '--data', '/tmp/with space', '--log-max', '16', '--retention-size', '500GB'];
  const texts = parse(asTexts(COLLECTOR_OPTIONS), ...given);
  expect(texts).toMatchObject({ listen: '127.0.0.1:9000', logMax: '16', retentionSize: '500GB', logLevel: 'info' });
  expect(parse(COLLECTOR_OPTIONS, ...argumentsOf(COLLECTOR_OPTIONS, texts))).toEqual(parse(COLLECTOR_OPTIONS, ...given));
});

test('switches are handed on when they are on', () => {
  const table = { loop: COMMON_OPTIONS.loop, replay: COMMON_OPTIONS.replay };
  expect(argumentsOf(table, parse(asTexts(table), '--loop'))).toEqual(['--loop']);
  expect(argumentsOf(table, parse(asTexts(table), '--replay', 'a b'))).toEqual(['--replay', 'a b']);
});

test.each([
  ['127.0.0.1:8600', true],
  ['localhost:8600', true],
  ['LOCALHOST', true],
  ['[::1]:8600', true],
  ['evil.example:8600', false],
  ['127.0.0.1.evil.example', false],
  ['127.0.0.1@evil.example', false],
  ['', false],
  [undefined, false],
])('the Host header %s names this machine: %s', (header, expected) => {
  expect(isLoopbackHostHeader(header)).toBe(expected);
});
