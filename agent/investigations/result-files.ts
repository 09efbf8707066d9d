// Files that an investigation of this host leaves: only their owner may read them, since rows tell who talks to whom.
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { rowJson } from '../exports/row-json.ts';
import { AgentError, reasonOf } from '../process/errors.ts';

const MODE = 0o600;

/** @throws AgentError `result_file` */
export function writeResult(file: string, content: string | Buffer): void {
  writing(file, () => writeFileSync(file, content, { mode: MODE }));
}

/** Rows as they come, as lines of JSON. */
export class RowFile {
  readonly #name: string;
  readonly #file: number;

  /** @throws AgentError `result_file` */
  constructor(name: string) {
    this.#name = name;
    this.#file = writing(name, () => openSync(name, 'w', MODE));
  }

  /** @throws AgentError `result_file` */
  add(kind: Kind, bytes: Uint8Array): void {
    const { size, read } = KINDS[kind];
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let lines = '';
    for (let at = 0; at < bytes.length; at += size) lines += `${rowJson(read(view, at))}\n`;
    if (lines !== '') writing(this.#name, () => writeSync(this.#file, lines));
  }

  close(): void {
    closeSync(this.#file);
  }
}

function writing<Result>(file: string, work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    throw new AgentError('result_file', `cannot write ${file} (${reasonOf(cause)}): name a file that you may write`, { cause });
  }
}
