// What a host says of its own settings, and where: the command line, the environment and a file, in that order.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, expect, test, vi } from 'vitest';
import { addOptions } from '../../../agent/process/options.ts';
import { noteSettings, readConfigFile } from '../../../agent/settings/local.ts';
import { SETTING_OPTIONS } from '../../../agent/settings/settings.ts';

afterEach(() => vi.unstubAllEnvs());

function parse(args: readonly string[], file?: string) {
  const command = addOptions(new Command().exitOverride(), SETTING_OPTIONS);
  const said = noteSettings(command, SETTING_OPTIONS);
  command.parse(args, { from: 'user' });
  if (file === undefined) return { said, values: command.opts() };
  const path = join(mkdtempSync(join(tmpdir(), 'tcplens-config-')), 'agent.conf');
  writeFileSync(path, file);
  return { said: readConfigFile(path, command, SETTING_OPTIONS, said), values: command.opts() };
}

test('defaults are those of the options', () => {
  const { said } = parse([]);
  expect(said.interval).toEqual({ value: '10s', from: 'default' });
  expect(Object.values(said).every(({ from, value }) => from === 'default' && value !== '')).toBe(true);
});

test('each place has its turn: the command line before the environment, that before the file', () => {
  vi.stubEnv('TCPLENS_LOG_LEVEL', 'warn');
  const file = '# of this host\nlog-level=debug\ninterval = 5s\nspool-bytes=32MiB\n';
  const { said, values } = parse(['--interval', '1s'], file);
  expect([said.interval, said['log-level'], said['spool-bytes'], said['cpu-budget'].from]).toEqual([
    { value: '1s', from: 'command line' },
    { value: 'warn', from: 'environment' },
    { value: '32MiB', from: 'file' },
    'default',
  ]);
  expect(values).toMatchObject({ interval: 1000, logLevel: 'warn', spoolBytes: 32 * 1024 * 1024 });
});

test.each([
  ['interval=5', /agent\.conf: interval: "5" is not a duration/],
  ['sweep=5s', /agent\.conf: there is no setting "sweep": use interval, budget/],
  ['collector=http://x', /there is no setting "collector"/],
])('a file with "%s" is refused', (file, problem) => {
  expect(() => parse([], file)).toThrow(problem);
});

test('pins are names of settings, or all', () => {
  expect(parse(['--pin', 'interval,cpu-budget']).values).toMatchObject({ pin: ['interval', 'cpu-budget'] });
  expect(parse(['--pin', 'all']).values['pin']).toContain('refuse');
  expect(() => parse(['--pin', 'sweep'])).toThrow(/"sweep" is none of interval, budget/);
});
