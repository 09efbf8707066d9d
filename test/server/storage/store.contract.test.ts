// One contract for every back end: what goes in comes out, once, and bad input is told from good.
import { appendFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fewRows } from '../../../server/storage/identity.ts';
import { MIGRATIONS } from '../../../server/storage/migrations.ts';
import { rowBytes } from '../../support/row-bytes.ts';
import { BACKENDS, type Fixture } from './backends.ts';
import { report } from './report.ts';

/** Three hours ago, to the nanosecond: rows older than their retention vanish. */
const AT_NS = BigInt(Date.now() - 3 * 3_600_000) * 1_000_000n + 456_789n;
const MIDNIGHT_NS = BigInt(Math.floor(Date.now() / 86_400_000) * 86_400_000) * 1_000_000n;
const HOST = 0xfedc_ba98_7654_3210n;

describe.each(BACKENDS)('store on $name', ({ skip, open }) => {
  let fixture: Fixture;
  beforeAll(async () => {
    if (skip === undefined) fixture = await open();
  });
  afterAll(async () => fixture?.close());
  const check = (name: string, run: () => Promise<void>) =>
    test(name, async (context) => {
      context.skip(skip !== undefined, skip);
      await run();
    });
  const count = async (table: string, what = 'count()', where = '1') => {
    const [row] = await fixture.store.query<{ n: number }>(`SELECT ${what} AS n FROM ${table} WHERE ${where}`);
    return row?.n;
  };

  check('gives back exactly what a row holds', async () => {
    await fixture.put('retransmit', [
      rowBytes('retransmit', {
        time_ns: AT_NS,
        host_id: HOST,
        connection_id: 0x8000_0000_0000_0001n,
        cgroup_id: 77n,
        netns: 0xffff_ffff_ffff_ffffn,
        local_addr: '192.0.2.1',
        peer_addr: '20010db8000000000000000000000abc',
        pid: 0xffff_ffff,
        local_port: 65535,
        peer_port: 443,
        role: 1,
        state: 1,
        owner: 3,
        comm: 'sixteen bytes ok',
        srtt_us: 4_294_967_295,
        uid: 1000,
        filters: 0x8000_0001,
        segments: 45,
        bytes: 65_160,
        seq: 1,
        end_seq: 65_161,
        rto_us: 200_000,
        snd_cwnd: 10,
        snd_ssthresh: 0x7fff_ffff,
        packets_out: 9,
        total_retrans: 46,
        dsack_dups: 2,
        lost_out: 3,
        sacked_out: 4,
        retrans_out: 5,
        evidence: 3,
        mss: 1448,
        err: -105,
        class: 4,
        outcome: 1,
        ca_state: 4,
        backoff: 255,
        retransmits: 3,
        head_of_queue: 1,
      }),
    ]);
    const [row] = await fixture.store.query(
      'SELECT * EXCEPT (epoch, sequence, batch_row) REPLACE (toUnixTimestamp64Nano(time_ns)::String AS time_ns, toString(host_id) AS host_id, toString(connection_id) AS connection_id, toString(netns) AS netns) FROM retransmit',
    );
    expect(row).toEqual({
      time_ns: String(AT_NS),
      host_id: '18364758544493064720',
      connection_id: '9223372036854775809',
      cgroup_id: 77,
      netns: '18446744073709551615',
      local_addr: '::ffff:192.0.2.1',
      peer_addr: '2001:db8::abc',
      pid: 4294967295,
      local_port: 65535,
      peer_port: 443,
      role: 'client',
      state: 'established',
      owner: 'file_table',
      comm: 'sixteen bytes ok',
      srtt_us: 4294967295,
      uid: 1000,
      filters: 2147483649,
      segments: 45,
      bytes: 65160,
      seq: 1,
      end_seq: 65161,
      rto_us: 200000,
      snd_cwnd: 10,
      snd_ssthresh: 2147483647,
      packets_out: 9,
      total_retrans: 46,
      dsack_dups: 2,
      lost_out: 3,
      sacked_out: 4,
      retrans_out: 5,
      evidence: 'both',
      mss: 1448,
      err: -105,
      class: 'tlp',
      outcome: 'failed',
      ca_state: 'loss',
      backoff: 255,
      retransmits: 3,
      head_of_queue: true,
    });
  });

  check('reads a byte outside its enum as the first enumerator', async () => {
    await fixture.put('state_change', [
      rowBytes('state_change', { time_ns: AT_NS, host_id: 1, old_state: 12, new_state: 13, role: 255, owner: 5 }),
      rowBytes('state_change', { time_ns: AT_NS, host_id: 1, old_state: 1, new_state: 7, comm: "a'b\\ \u{1f600}" }),
    ]);
    const rows = await fixture.store.query('SELECT old_state, new_state, role, owner, comm FROM state_change ORDER BY old_state');
    expect(rows).toEqual([
      { old_state: 'established', new_state: 'close', role: 'unknown', owner: 'unknown', comm: "a'b\\ \u{1f600}" },
      { old_state: 'new_syn_recv', new_state: 'unknown', role: 'unknown', owner: 'unknown', comm: '' },
    ]);
  });

  check(
    'has a row once, however often and in whatever company its batch is inserted, and the same bytes of another batch too',
    async () => {
      const rows = [0, 1, 2].map((i) => rowBytes('sample', { time_ns: AT_NS + BigInt(i), host_id: 2, data_segs_out: 10, srtt_us: 1000 }));
      const batch = { epoch: '00000000000000e2', sequence: 7 };
      const segment = await fixture.put('sample', rows, batch);
      await fixture.store.insertSegment(segment);
      // Half of the batch, as a segment that was halved has it.
      await fixture.put('sample', rows.slice(0, 2), batch);
      expect(await count('sample FINAL', 'count()', 'host_id = 2')).toBe(3);
      for (const other of [
        { ...batch, sequence: 8 },
        { ...batch, epoch: '00000000000000e3' },
      ])
        await fixture.put('sample', rows, other);
      expect(await count('sample FINAL', 'count()', 'host_id = 2')).toBe(9);
      expect(await count('sample FINAL', 'uniqExact(epoch, sequence, batch_row)', 'host_id = 2')).toBe(9);
      expect(await count(fewRows('sample', 'host_id = 2'))).toBe(9);
    },
  );

  check('stores a large segment that spans midnight once', async () => {
    const row = rowBytes('sample', { host_id: 3, data_segs_out: 1 });
    const rows = Array.from({ length: 300_000 }, (_, i) => {
      const copy = Buffer.from(row);
      copy.writeBigUInt64LE(MIDNIGHT_NS + BigInt(i - 150_000) * 1_000_000n, 0);
      return copy;
    });
    const segment = await fixture.put('sample', rows);
    await fixture.store.insertSegment(segment);
    expect(await count('sample FINAL', 'count()', 'host_id = 3')).toBe(300_000);
    expect(await count('sample', 'uniqExact(toDate(time_ns))', 'host_id = 3')).toBe(2);
  });

  check('refuses a segment that is not as long as its rows', async () => {
    const segment = fixture.segment('sample', [rowBytes('sample', { time_ns: AT_NS, host_id: 4 })]);
    appendFileSync(segment.path, Buffer.alloc(1));
    await expect(fixture.store.insertSegment(segment)).rejects.toMatchObject({ code: 'store_segment_unreadable' });
    await expect(fixture.store.insertSegment({ ...segment, path: `${segment.path}.gone` })).rejects.toMatchObject({
      code: 'store_segment_unreadable',
    });
    expect(await count('sample', 'count()', 'host_id = 4')).toBe(0);
  });

  check('binds parameters as values, whatever they hold', async () => {
    for (const value of ["'; DROP TABLE sample; --", '\\', '\n\t', '{x:String}', '', '\u{1f600}']) {
      expect(await fixture.store.query('SELECT {value:String} AS value', { value, other: undefined })).toEqual([{ value }]);
    }
  });

  check('ends a query that asks too much, and says so', async () => {
    await expect(fixture.store.query('SELECT number FROM numbers(200000)')).rejects.toMatchObject({ code: 'store_query_failed' });
    await expect(fixture.store.query('SELEC')).rejects.toMatchObject({ code: 'store_query_failed' });
    await fixture.store.ping();
  });

  check('keeps settings of one statement from the next', async () => {
    const segments = [1, 2].map(() => fixture.segment('sample', [rowBytes('sample', { time_ns: AT_NS, host_id: 5 })]));
    for (const segment of segments) await fixture.store.insertSegment(segment);
    await fixture.store.insertReports([report({ host_id: '0000000000000005' })]);
    await fixture.store.insertReports([report({ host_id: '0000000000000006' })]);
    expect(await count('sample FINAL', 'count()', 'host_id = 5')).toBe(2);
    expect(await count('host FINAL', 'count()', 'host_id IN (5, 6)')).toBe(2);
  });

  check('keeps a report once and its newest version', async () => {
    const first = report({ host_id: '0000000000000007', at_ms: Date.now() - 60_000 });
    const later = { ...first, at_ms: first.at_ms + 10_000, host: { ...first.host, name: "b';\n\n;DROP TABLE host;\u0000\u001b[31m" } };
    for (const sent of [first, later, later, first]) await fixture.store.insertReports([sent]);
    expect(await fixture.store.query('SELECT name FROM host FINAL WHERE host_id = 7')).toEqual([{ name: later.host.name }]);
    const ahead = { ...later, at_ms: 4_000_000_000_000 };
    await fixture.store.insertReports([ahead]);
    await fixture.store.insertReports([{ ...later, at_ms: Date.now(), host: { ...first.host, name: 'newest' } }]);
    expect(await fixture.store.query('SELECT name FROM host FINAL WHERE host_id = 7')).toEqual([{ name: 'newest' }]);
    expect(await count('report FINAL', 'count()', 'host_id = 7')).toBe(4);
    expect(await count('process FINAL', 'count()', 'host_id = 7')).toBe(1);
  });

  check('can migrate again', async () => {
    await fixture.store.migrate();
    expect(await count('migration', 'count()')).toBe(MIGRATIONS.length);
  });
});
