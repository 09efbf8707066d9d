import { Command } from 'commander';
import { expect, test } from 'vitest';
import { isLoopbackHostHeader } from '../../agent/process/loopback.ts';
import { addOptions, optionArguments, readConfig } from '../../server/config.ts';

function parse(args: readonly string[]): Record<string, unknown> {
  const silent = { writeOut: () => undefined, writeErr: () => undefined };
  return addOptions(new Command('serve')).exitOverride().configureOutput(silent).parse(args, { from: 'user' }).opts();
}

test('defaults', () => {
  expect(readConfig(parse([]))).toEqual({
    listen: { host: '127.0.0.1', port: 8600 },
    data: '.data',
    clickhouse: undefined,
    cluster: undefined,
    log_max: 2048 * 1024 * 1024,
    in_flight_max: 64 * 1024 * 1024,
    retention_size: { share: 0.8 },
    log_level: 'info',
  });
});

test.each([
  ['--listen', '[::1]:9000', 'listen', { host: '::1', port: 9000 }],
  ['--listen', 'localhost:0', 'listen', { host: 'localhost', port: 0 }],
  ['--listen', '127.1.2.3:80', 'listen', { host: '127.1.2.3', port: 80 }],
  ['--log-max', '16', 'log_max', 16 * 1024 * 1024],
  ['--clickhouse', 'http://u:p@db:8123/tcp', 'clickhouse', new URL('http://u:p@db:8123/tcp')],
] as const)('%s %s', (flag, text, name, value) => {
  expect(readConfig(parse([flag, text]))[name]).toEqual(value);
});

test('a cluster has to be reached through one of its servers', () => {
  expect(() => readConfig(parse(['--cluster', 'fleet']))).toThrow('--cluster needs --clickhouse');
  expect(readConfig(parse(['--cluster', 'fleet', '--clickhouse', 'http://db:8123'])).cluster).toBe('fleet');
});

test.each([
  ['--listen', '0.0.0.0:8600', 'no authentication'],
  ['--cluster', "a'b", 'letters, digits and _'],
  ['--listen', '[::]:8600', 'not a loopback address'],
  ['--listen', '192.168.1.2:8600', 'no authentication'],
  ['--listen', 'example.com:8600', 'not a loopback address'],
  ['--listen', '127.0.0.1.example.com:8600', 'not a loopback address'],
  ['--listen', '8600', 'host:port'],
  ['--listen', '127.0.0.1:86000', 'host:port'],
  ['--data', '/tmp/a{b}', 'without'],
  ['--clickhouse', 'db:8123', 'URL'],
  ['--log-max', '2GB', 'whole number of MiB'],
  ['--log-max', '1', 'whole number of MiB'],
  ['--log-level', 'loud', 'one of'],
])('%s %s is refused, and why', (flag, text, reason) => {
  expect(() => parse([flag, text])).toThrow(reason);
});

test('what one process was given can be handed to another', () => {
  const given = parse(['--listen', '127.0.0.1:9000', '--data', '/tmp/with space', '--log-max', '16']);
  expect(readConfig(parse(optionArguments(given)))).toEqual(readConfig(given));
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
