// The journal that spool and log are written with.
import { type Mutant, mutantsOf, unit } from '../mutant.ts';

export const agentDurable: readonly Mutant[] = [
  ...mutantsOf('agent/durable/journal.ts', [
    {
      why: 'the journal is not flushed',
      find: 'if (durable) await this.#file.sync();',
      replace: '',
      suite: unit('agent/durable/journal.property'),
    },
    {
      why: "a snapshot's name is not flushed",
      find: 'await this.#disk.syncDirectory(dirname(this.#path));',
      replace: '',
      suite: unit('agent/durable/journal.property'),
    },
    {
      why: 'lines follow a flush that failed',
      find: "this.#state = 'lost';\n    if (durable)",
      replace: 'if (durable)',
      suite: unit('agent/durable/journal.property'),
    },
    {
      why: 'what a failed write has left stays',
      find: 'await this.#file?.truncate(this.#length);',
      replace: '',
      suite: unit('agent/durable/journal.property'),
    },
    {
      why: 'a cut is not flushed',
      find: 'await this.#file?.truncate(this.#length);\n    await this.#file?.sync();',
      replace: 'await this.#file?.truncate(this.#length);',
      suite: unit('agent/durable/journal.property'),
    },
    {
      why: 'a snapshot that failed is forgotten',
      find: 'this.#is_owed = true;',
      replace: '',
      suite: unit('agent/durable/journal.property'),
    },
  ]),
  ...mutantsOf('agent/durable/whole-file.ts', [
    {
      why: 'a file has its name before it is flushed',
      find: 'await file.sync();\n  return length;',
      replace: 'return length;',
      suite: unit('agent/durable/journal.property'),
    },
    {
      why: 'what could not be finished stays',
      find: 'await disk.remove(unfinished).catch(() => undefined);',
      replace: '',
      suite: unit('agent/durable/whole-file'),
    },
  ]),
  ...mutantsOf('agent/durable/journal-lines.ts', [
    { why: 'a damaged line is read', find: ' && crc === crcOf(line.slice(9))', replace: '', suite: unit('agent/durable/journal-lines') },
    {
      why: 'a line that is missing is missed by nobody',
      find: 'Math.max(unsound, number - expected)',
      replace: 'unsound',
      suite: unit('agent/durable/journal-lines'),
    },
    {
      why: 'a line is read twice',
      find: 'if (number < expected)',
      replace: 'if (number === 0)',
      suite: unit('agent/durable/journal-lines'),
    },
    {
      why: 'a journal of another version is damage',
      find: 'return { ...read, other_format: true };',
      replace: 'return read;',
      suite: unit('agent/durable/journal-lines'),
    },
  ]),
];
