// What an investigation of this host has found so far: rows of the kinds that verdicts rest on, decoded, up to a number of them.
import { KINDS, type Kind, type Rows } from '../../bpf/rows/rows.gen.ts';
import { EVIDENCE_KINDS, type Evidence, type EvidenceKind, noEvidence } from '../verdict/evidence.ts';

export class Collected {
  readonly #rows_max: number;
  readonly #rows = noEvidence();
  #count = 0;
  /** rows that came after there were enough */
  left_out = 0;

  constructor(rows_max: number) {
    this.#rows_max = rows_max;
  }

  get evidence(): Evidence {
    return this.#rows;
  }

  get is_full(): boolean {
    return this.#count >= this.#rows_max;
  }

  add(kind: Kind, bytes: Uint8Array): void {
    if (isEvidence(kind)) this.#take(kind, bytes);
  }

  #take<Name extends EvidenceKind>(kind: Name, bytes: Uint8Array): void {
    const { size, read } = KINDS[kind];
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const rows: Rows[Name][] = this.#rows[kind];
    for (let at = 0; at < bytes.length; at += size) {
      if (this.is_full) this.left_out++;
      else {
        rows.push(read(view, at) as Rows[Name]);
        this.#count++;
      }
    }
  }
}

function isEvidence(kind: Kind): kind is EvidenceKind {
  return EVIDENCE_KINDS.some((name) => name === kind);
}
