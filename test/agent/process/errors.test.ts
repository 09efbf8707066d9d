import { expect, test } from 'vitest';
import { AgentError, CannotRunError, ConfigError, RecordingError, reasonOf, TcplensError } from '../../../agent/process/errors.ts';
import { Refusal, StartError } from '../../../server/errors.ts';
import { StoreError } from '../../../server/storage/store.ts';

const cause = new Error('EACCES');

test.each<[name: string, error: TcplensError, code: string, exitCode: number]>([
  ['AgentError', new AgentError('drain', 'do this', { cause }), 'drain', 1],
  ['CannotRunError', new CannotRunError('no_btf', 'do this', { cause }), 'no_btf', 78],
  ['ConfigError', new ConfigError('bad_value', 'do this', { cause }), 'bad_value', 2],
  ['RecordingError', new RecordingError('damaged', 'do this', { cause }), 'damaged', 1],
  ['StartError', new StartError('not_ready', 'do this', { cause }), 'not_ready', 1],
  ['StoreError', new StoreError('store_unavailable', 'do this', { cause }), 'store_unavailable', 1],
  ['Refusal', new Refusal('log_full', 'do this', { cause, retry_after_s: 3 }), 'log_full', 1],
])('%s says what it is, what to do and what is behind it', (name, error, code, exitCode) => {
  expect(error).toBeInstanceOf(TcplensError);
  expect({ ...error, message: error.message, cause: error.cause }).toMatchObject({ name, code, exitCode, message: 'do this', cause });
});

test.each([new AgentError('a', 'b'), new Refusal('log_full', 'b')])('without a cause there is none: %s', (error) => {
  expect('cause' in error).toBe(false);
});

test.each([
  [new Error('gone'), 'gone'],
  ['text', 'text'],
  [undefined, 'undefined'],
])('whatever was thrown has a reason: %s', (thrown, reason) => {
  expect(reasonOf(thrown)).toBe(reason);
});
