// An investigation of this host as a recording: rows as they are drained, their names, and at the end what the command said of it.
import { release } from 'node:os';
import { type Static, Type } from 'typebox';
import type { Kind } from '../../bpf/rows/rows.gen.ts';
import { DETAILS } from '../contract/detail.ts';
import { readCgroup2Mount } from '../host/cgroups.ts';
import { Entities } from '../host/entities.ts';
import { VERSION } from '../process/version.ts';
import { Intake } from '../recording/intake.ts';
import { RecordingWriter } from '../recording/write.ts';
import { lacking } from '../source/lacking.ts';
import type { RowSource } from '../source/row-source.ts';

const Count = Type.Integer({ minimum: 0 });
/** What the verdict on one host needs beside its rows. Times are ms since the epoch. */
export const HostTold = Type.Object({
  filter: Type.String(),
  detail: Type.Unsafe<(typeof DETAILS)[number]>({ type: 'string', enum: [...DETAILS] }),
  user_stacks: Type.Optional(Type.Boolean()),
  rows_max: Type.Integer({ minimum: 1, description: 'of the kinds that verdicts rest on, so many were judged at most' }),
  other_end: Type.Object({ watched: Type.Boolean(), why: Type.String() }),
  account: Type.Object({ evaluated: Count, matched: Count, passed: Count, over_budget: Count }),
  began_ms: Count,
  ended_ms: Count,
});
export type HostTold = Static<typeof HostTold>;

export class HostRecording {
  readonly #source: RowSource;
  readonly #writer: RecordingWriter;
  readonly #intake: Intake;
  readonly #entities = new Entities(readCgroup2Mount());
  readonly #began_ms = Date.now();

  /** Replaces a file that is there, as the other results do. @throws RecordingError */
  constructor(file: string, source: RowSource, interval_ms: number) {
    const header = {
      tcplens: VERSION,
      kernel: /^\d+\.\d+/.exec(release())?.[0] ?? '',
      started_ns: String(BigInt(this.#began_ms) * 1_000_000n),
      interval_ms,
      anonymized: false,
      refused: lacking(source.hooks()),
      absent: lacking(source.fields()),
    };
    this.#source = source;
    this.#writer = new RecordingWriter(file, { header, force: true, mode: 0o600 });
    this.#intake = new Intake(this.#writer);
  }

  /** Whole rows of one kind; they are changed in place, since the recording names no host. @throws RecordingError */
  add(kind: Kind, rows: Uint8Array): void {
    this.#entities.see(kind, rows);
    this.#intake.take(kind, rows, this.#offset_ms);
  }

  look(): void {
    this.#entities.look();
  }

  takeNames(): void {
    this.#intake.takeNames(this.#entities.changes(this.#source.netns()), this.#offset_ms);
    this.#entities.acknowledge();
  }

  /** @throws RecordingError */
  end(told: HostTold): void {
    this.takeNames();
    this.#writer.addInvestigation({ by: 'host', told }, this.#offset_ms);
    this.#writer.end(this.#source.counters(), this.#offset_ms);
  }

  get #offset_ms(): number {
    return Math.max(0, Date.now() - this.#began_ms);
  }
}
