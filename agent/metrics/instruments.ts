// From rows to metrics: most rows go into a tally, which is read when a reader collects; those of sweeps set instruments.
import type { Kind } from '../../bpf/rows/rows.gen.ts';
import type { ConnectionAttributes } from './connection-attributes.ts';
import type { Tally } from './row-series.ts';
import { SweepInstruments } from './sweep-instruments.ts';
import { isRowByRow } from './tally-plans.ts';
import type { Telemetry } from './telemetry.ts';

export class Instruments {
  readonly #sweeps: SweepInstruments;
  readonly #tally: Tally;

  constructor({ meter, rows }: Pick<Telemetry, 'meter' | 'rows'>, attributes: ConnectionAttributes, tally: Tally) {
    this.#sweeps = new SweepInstruments(meter, attributes);
    this.#tally = tally;
    rows.observe(tally, attributes);
  }

  /** Records whole rows of one kind. */
  record(kind: Kind, rows: Uint8Array): void {
    if (isRowByRow(kind)) this.#sweeps.record(kind, rows);
    else this.#tally.count(kind, rows);
  }
}
