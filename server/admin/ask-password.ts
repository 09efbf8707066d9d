// Reads a password from the terminal or from standard input. Never from an argument: other processes of the machine can read those.
import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { ConfigError } from '../../agent/process/errors.ts';

/** Typed twice on a terminal, without echo; otherwise the first line of standard input. @throws ConfigError */
export async function askPassword(name: string): Promise<string> {
  if (!process.stdin.isTTY) return firstLine(await text(process.stdin));
  const password = await askUnseen(`password of ${name}: `);
  if ((await askUnseen('the same again: ')) === password) return password;
  throw new ConfigError('bad_value', 'These were two different passwords: nothing was changed.');
}

function firstLine(came: string): string {
  const [line = ''] = came.split(/\r?\n/, 1);
  if (line !== '') return line;
  throw new ConfigError('bad_value', 'No password has come: run this on a terminal, or write the password to its standard input.');
}

async function askUnseen(question: string): Promise<string> {
  // readline echoes what is typed to its output, so its output is discarded.
  const nowhere = new Writable({ write: (_chunk, _encoding, written) => written() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  const given = new AbortController();
  lines.on('close', () => given.abort()).on('SIGINT', () => given.abort());
  // Asked only once the echo is off: a quick answer would be visible otherwise.
  process.stderr.write(question);
  try {
    return await lines.question('', { signal: given.signal });
  } catch (cause) {
    throw new ConfigError('bad_value', 'No password was given: nothing was changed.', { cause });
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
