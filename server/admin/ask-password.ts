// A password from whoever types it, or from standard input. Never from an argument: every process of the machine can read those.
import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { ConfigError } from '../../agent/process/errors.ts';

/** Asked twice on a terminal, which does not show it; else the first line of standard input. @throws ConfigError */
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
  // The terminal's line editor reads it, and its output goes nowhere, so that nobody sees what is typed.
  const nowhere = new Writable({ write: (_chunk, _encoding, written) => written() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  const given = new AbortController();
  lines.on('close', () => given.abort()).on('SIGINT', () => given.abort());
  // Only now: whoever answers at once would else be seen.
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
