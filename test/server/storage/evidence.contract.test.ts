// The rows of an investigation as the store gives them back: member by member what was put in, of the hosts, slots and times that were asked for.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVIDENCE_KINDS, type EvidenceKind } from '../../../agent/verdict/evidence.ts';
import { KINDS } from '../../../bpf/rows/rows.gen.ts';
import { type AskedRows, backConnections, rowPages, rowsStored } from '../../../server/storage/queries/asked-rows.ts';
import { evidenceOf } from '../../../server/storage/queries/evidence.ts';
import { type RowValues, rowBytes } from '../../support/row-bytes.ts';
import { BACKENDS, type Fixture } from './backends.ts';
import { ago } from './hand-made-rows.ts';

const [HOST, OTHER] = [0xfedc_ba98_7654_3210n, 42n];
const [SLOT, ANOTHER] = [3, 5];
const MANY = 9001;
const SECOND_NS = 1_000_000_000n;
const BEGAN = ago(60);
const from_ms = Number(BEGAN / 1_000_000n) - 1000;
const to_ms = from_ms + 30_000;
const ENDS = { local_addr: '10.8.0.1', peer_addr: '20010db8000000000000000000000002', local_port: 50_000, peer_port: 443, comm: 'nginx' };

const row = (kind: EvidenceKind, values: RowValues) =>
  rowBytes(kind, { host_id: HOST, time_ns: BEGAN, filters: 1 << SLOT, ...ENDS, ...values });

const asked = (hosts: AskedRows['hosts'], back_connections: readonly bigint[] = []): AskedRows => ({
  hosts,
  from_ms,
  to_ms,
  back_until_ms: from_ms + 2000,
  back_connections,
});

/** Every member has a value of its own: its bytes are those of a counter, but where only few values are allowed. */
function everyMember(kind: EvidenceKind): Buffer {
  const { columns, size } = KINDS[kind];
  const bytes = Buffer.from(row(kind, {}));
  for (const { name, offset, size: length, type } of columns) {
    if (offset < 112 || name === 'pad' || type === 'Bool' || type.startsWith('FixedString')) continue;
    if (type.startsWith('Enum8')) bytes[offset] = 1;
    else for (let at = 0; at < length && offset + at < size; at++) bytes[offset + at] = (offset + at) % 120;
  }
  return bytes;
}

describe.each(BACKENDS)('evidence on $name', ({ skip, open }) => {
  let fixture: Fixture;
  beforeAll(async () => {
    if (skip !== undefined) return;
    fixture = await open();
    for (const kind of EVIDENCE_KINDS) {
      await fixture.put(kind, [
        everyMember(kind),
        row(kind, { connection_id: 2, time_ns: BEGAN + SECOND_NS }),
        row(kind, { connection_id: 3, filters: 1 << ANOTHER, time_ns: BEGAN + SECOND_NS }),
        row(kind, { connection_id: 4, host_id: OTHER, time_ns: BEGAN + SECOND_NS }),
        row(kind, { connection_id: 5, time_ns: BEGAN + 40n * SECOND_NS }),
      ]);
    }
  });
  afterAll(async () => fixture?.close());

  test.for(EVIDENCE_KINDS)('%s', async (kind, context) => {
    if (skip !== undefined) return context.skip(skip);
    const { evidence, cut } = await evidenceOf(fixture.store, asked([{ host_id: HOST, slot: SLOT, back_ms: 0 }]), 10);
    const bytes = everyMember(kind);
    const expected = KINDS[kind].read(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0);
    expect(evidence[kind][0]).toEqual({ ...expected, kind });
    expect(evidence[kind].map(({ connection_id }) => connection_id)).toEqual([expected.connection_id, 2n]);
    expect(cut).toEqual([]);
  });

  test('several hosts, each by its own slot; more rows than are wanted are said', async (context) => {
    if (skip !== undefined) return context.skip(skip);
    const hosts = [
      { host_id: HOST, slot: ANOTHER, back_ms: 0 },
      { host_id: OTHER, slot: SLOT, back_ms: 0 },
    ];
    const { evidence } = await evidenceOf(fixture.store, asked(hosts), 10);
    expect(evidence.drop.map(({ connection_id }) => connection_id).sort()).toEqual([3n, 4n]);
    expect(await rowsStored(fixture.store, asked(hosts))).toBe(2 * EVIDENCE_KINDS.length);
    const { evidence: first, cut } = await evidenceOf(fixture.store, asked(hosts), 1);
    expect(first.drop).toHaveLength(1);
    expect(cut).toEqual([...EVIDENCE_KINDS]);
    expect((await evidenceOf(fixture.store, asked([]), 1)).evidence.drop).toEqual([]);
  });

  test('many pages: each row once, in the order of time, however many have the same', async (context) => {
    if (skip !== undefined) return context.skip(skip);
    const slot = 9;
    const many = Array.from({ length: MANY }, (_, at) =>
      row('drop', { connection_id: at + 1, filters: 1 << slot, time_ns: BEGAN + BigInt(at % 3) }),
    );
    await fixture.put('drop', many);
    const found: bigint[] = [];
    let last_ns = 0n;
    let pages = 0;
    for await (const page of rowPages((find) => find(fixture.store), 'drop', asked([{ host_id: HOST, slot, back_ms: 0 }]))) {
      pages++;
      for (const { connection_id, time_ns } of page) {
        expect(time_ns).toBeGreaterThanOrEqual(last_ns);
        last_ns = time_ns;
        found.push(connection_id);
      }
    }
    expect(pages).toBeGreaterThan(2);
    expect(found).toHaveLength(MANY);
    expect(new Set(found).size).toBe(MANY);
  });

  test('what a host looks back at: its own packets of before, and what else there was of their connections', async (context) => {
    if (skip !== undefined) return context.skip(skip);
    const [slot, back_ms] = [11, 20_000];
    const before = { filters: 1 << slot, time_ns: BEGAN - 10n * SECOND_NS };
    await fixture.put('packet', [
      row('packet', { connection_id: 101, ...before }),
      row('packet', { connection_id: 102, ...before, host_id: OTHER }),
      row('packet', { connection_id: 103, ...before, time_ns: BEGAN - 25n * SECOND_NS }),
    ]);
    await fixture.put('retransmit', [
      row('retransmit', { connection_id: 101, ...before, filters: 0 }),
      row('retransmit', { connection_id: 102, ...before, filters: 0 }),
      // Of somebody who had the slot before.
      row('retransmit', { connection_id: 104, ...before }),
      row('retransmit', { connection_id: 105, filters: 1 << slot }),
      // The host began a moment later.
      row('retransmit', { connection_id: 101, filters: 0 }),
      row('retransmit', { connection_id: 101, filters: 0, time_ns: BEGAN + 5n * SECOND_NS }),
    ]);
    const hosts = [
      { host_id: HOST, slot, back_ms },
      { host_id: OTHER, slot, back_ms: 0 },
    ];
    const found = await backConnections(fixture.store, asked(hosts), 10);
    expect(found).toEqual([101n]);
    const { evidence } = await evidenceOf(fixture.store, asked(hosts, found), 10);
    expect(evidence.packet.map(({ connection_id }) => connection_id)).toEqual([101n]);
    expect(evidence.retransmit.map(({ connection_id }) => connection_id)).toEqual([101n, 101n, 105n]);
    expect(await rowsStored(fixture.store, asked(hosts))).toBe(2);
  });
});
