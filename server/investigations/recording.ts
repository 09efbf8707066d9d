// Writes an investigation as a recording: the rows of all its hosts in the order of time, and what else its verdict needs, so that tcplens
// can judge it again without a collector. It is written part by part while the rows are read.
import { type Static, Type } from 'typebox';
import { hex64 } from '../../agent/contract/hex64.ts';
import type { Row } from '../../agent/exports/row-json.ts';
import { VERSION } from '../../agent/process/version.ts';
import { encodeRows } from '../../agent/recording/encode-row.ts';
import { encodeFrame, encodeJson, encodePrefix, type RecordedHost, type RecordingHeader, SORT } from '../../agent/recording/format.ts';
import { layoutOf } from '../../bpf/rows/layout.ts';
import { KIND, KINDS, type Kind } from '../../bpf/rows/rows.gen.ts';
import { OneInvestigation, Verdict } from '../api/investigations.ts';
import { Count, Ms, object } from '../api/schema.ts';
import type { HostNames, Mentioned } from '../storage/queries/recorded-names.ts';
import { Mentions } from './mentions.ts';
import { inTimeOrder } from './time-order.ts';

const rest = {
  rows: Verdict.properties.rows,
  judged_max: { ...Count, description: 'rows of each kind on which its verdict rests at most' },
  recorded_at_ms: Ms,
};
/** The collector's description of the investigation, as of the moment of recording. */
const Told = object({ investigation: OneInvestigation, ...rest });
export type Told = Static<typeof Told>;

const { user_stacks, ...asked } = OneInvestigation.properties;
/** The same as recordings have it. Recordings from before processes' stacks were traced have no `user_stacks`. */
export const Recorded = object({ investigation: object({ ...asked, user_stacks: Type.Optional(user_stacks) }), ...rest });

/** Parts are as small as an agent's batches, since a replay delivers the rows of a part at once. */
const PART = { rows: 4000, span_ns: 250_000_000n };
const MS = 1_000_000n;

export type ToRecord = {
  told: Told;
  hosts: RecordedHost[];
  /** no row is older */
  from_ms: number;
  /** the pages of each kind, in the order of KIND and of time */
  kinds: readonly AsyncIterable<readonly Row[]>[];
  namesOf: (mentioned: Mentioned) => Promise<HostNames>;
};

export async function* recordingOf({ told, hosts, from_ms, kinds, namesOf }: ToRecord): AsyncGenerator<Buffer> {
  const from = BigInt(Math.floor(from_ms));
  yield Buffer.concat([
    encodePrefix(true),
    encodeJson(SORT.header, 0, headerOf(from * MS, hosts)),
    encodeJson(SORT.investigation, 0, { by: 'collector', told }),
  ]);
  const counts = new Map<Kind, number>();
  const mentions = new Mentions();
  let offset_ms = 0;
  for await (const part of inTimeOrder(kinds, PART)) {
    offset_ms = Math.max(0, Number((part.at(-1)?.time_ns ?? 0n) / MS - from));
    for (const row of part) {
      counts.set(row.kind, (counts.get(row.kind) ?? 0) + 1);
      mentions.see(row);
    }
    yield Buffer.concat(rowFrames(part, offset_ms));
    for (const mentioned of mentions.due()) {
      const host_id = hex64(mentioned.host_id);
      yield Buffer.from(encodeJson(SORT.names, offset_ms, { host_id, ...(await namesOf(mentioned)) }));
    }
  }
  const kinds_rows = Object.fromEntries(KIND.map((kind) => [kind, { rows: counts.get(kind) ?? 0 }]));
  yield Buffer.from(encodeJson(SORT.end, offset_ms, { length_ms: offset_ms, kinds: kinds_rows }));
}

function headerOf(started_ns: bigint, hosts: RecordedHost[]): RecordingHeader {
  const none = { refused: [], absent: [] };
  const made = { tcplens: VERSION, kernel: '', started_ns: String(started_ns), interval_ms: 0, anonymized: false };
  return { ...made, hosts, ...none, layouts: KIND.map(layoutOf) };
}

/** A frame for each kind. */
function rowFrames(part: readonly Row[], offset_ms: number): Uint8Array[] {
  const of = Map.groupBy(part, ({ kind }) => kind);
  return KIND.flatMap((kind) => {
    const rows = of.get(kind) ?? [];
    if (rows.length === 0) return [];
    return encodeFrame({ sort: SORT.rows, layout: KINDS[kind].index, offset_ms, bytes: encodeRows(kind, rows) });
  });
}
