// Prepares every row for a recording, whether it comes from the kernel or from another recording: filters, limits, anonymizes.
import { HEAD_AT, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import type { FilterRun } from '../filter/run.ts';
import type { Anonymizer } from './anonymize.ts';
import type { RecordedNames } from './format.ts';
import { Mentions } from './mentions.ts';
import type { RecordingWriter } from './write.ts';

export type IntakeOptions = {
  anonymizer?: Anonymizer | undefined;
  filters?: FilterRun | undefined;
  /** rows */
  limit?: number | undefined;
};

export class Intake {
  readonly #writer: RecordingWriter;
  readonly #anonymizer: Anonymizer | undefined;
  readonly #filters: FilterRun | undefined;
  readonly #mentions = new Mentions();
  /** rows until the limit */
  #left: number;
  #full = false;

  constructor(writer: RecordingWriter, { anonymizer, filters, limit = Number.POSITIVE_INFINITY }: IntakeOptions = {}) {
    this.#writer = writer;
    this.#anonymizer = anonymizer;
    this.#filters = filters;
    this.#left = limit;
  }

  /** The recording has reached the limit of rows or of bytes. */
  get full(): boolean {
    return this.#full;
  }

  /**
   * Writes whole rows of one kind: those that a filter matches, as many as still fit. Changes them in place: in a recording no row has a host
   * id, or says which filters matched it.
   * @throws RecordingError
   */
  take(kind: Kind, rows: Uint8Array, offset_ms: number): void {
    if (this.#full) return;
    const { size } = KINDS[kind];
    const filtered = this.#filters === undefined ? rows : this.#filters.wanted(kind, rows);
    const wanted = filtered.subarray(0, Math.min(this.#left * size, filtered.length));
    for (let at = 0; at < wanted.length; at += size) {
      wanted.fill(0, at + HEAD_AT.host_id, at + HEAD_AT.host_id + 8);
      wanted.fill(0, at + HEAD_AT.filters, at + HEAD_AT.filters + 4);
    }
    this.#mentions.see(kind, wanted);
    this.#anonymizer?.replace(kind, wanted);
    const fitted = this.#writer.addRows(kind, wanted, offset_ms);
    this.#left -= wanted.length / size;
    this.#full = !fitted || this.#left === 0;
  }

  /** Writes names that rows mention; an anonymized recording has none. */
  takeNames(names: RecordedNames, offset_ms: number): void {
    if (this.#anonymizer === undefined) this.#writer.addNames(this.#mentions.due(names), offset_ms);
  }
}
