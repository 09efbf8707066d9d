// From rows to metrics: most are added up, by the loader or here, and read when someone collects.
import type { Kind } from '../../bpf/rows/rows.gen.ts';
import type { ConnectionAttributes } from './connection-attributes.ts';
import { PlainTally } from './plain-tally.ts';
import type { Tally } from './row-series.ts';
import { SweepInstruments } from './sweep-instruments.ts';
import { isRowByRow } from './tally-plans.ts';
import type { Telemetry } from './telemetry.ts';

export class Instruments {
  readonly #sweeps: SweepInstruments;
  readonly #plain: PlainTally | undefined;

  /** @param counted - by the loader; without it, rows are added up as they are recorded */
  constructor({ meter, rows }: Pick<Telemetry, 'meter' | 'rows'>, attributes: ConnectionAttributes, counted?: Tally) {
    this.#sweeps = new SweepInstruments(meter, attributes);
    this.#plain = counted === undefined ? new PlainTally(attributes.options) : undefined;
    const tally = counted ?? this.#plain;
    if (tally !== undefined) rows.observe(tally, attributes);
  }

  /** Records whole rows of one kind. */
  record(kind: Kind, rows: Uint8Array): void {
    if (isRowByRow(kind)) this.#sweeps.record(kind, rows);
    else this.#plain?.count(kind, rows);
  }
}
