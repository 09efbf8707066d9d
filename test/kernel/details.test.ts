// Rows that only an investigation has: what the filters ask for and nothing else, as tcpdump, tshark and the socket's own counters have it;
// their programs are attached only while somebody asks, also by a process that has no rights left.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import type { DetailKind } from '../../agent/contract/detail.ts';
import { Pcapng } from '../../agent/pcapng/write.ts';
import type { PacketRow, ProgressRow } from '../../bpf/rows/rows.gen.ts';
import { startCapture } from '../fidelity/capture.ts';
import { API, bitsOf, check, connections, decode, ends, type RowOf, type Run, useTraffic, WEB } from '../support/filtered.ts';
import { lose, loseEach } from '../support/netns.ts';

useTraffic();

const SLOT = 3;
const SYN = 2;
const directory = mkdtempSync(join(tmpdir(), 'tcplens-details-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** What both files must say of each packet. */
const FIELDS = [
  'ip.src',
  'ip.dst',
  'ip.ttl',
  'ip.dsfield',
  'ip.id',
  'tcp.srcport',
  'tcp.dstport',
  'tcp.seq_raw',
  'tcp.ack_raw',
  'tcp.len',
  'tcp.flags',
  'tcp.window_size_value',
  'tcp.options.timestamp.tsval',
  'tcp.options.timestamp.tsecr',
  'tcp.options.sack_le',
  'tcp.options.sack_re',
  'tcp.options.mss_val',
  'tcp.options.wscale.shift',
  'tcp.options.sack_perm',
  'tcp.analysis.duplicate_ack',
];
/** What tshark says of a segment that does not come in its turn: which of them it says depends on how close it lies to the other way's packets. */
const AGAIN = ['retransmission', 'fast_retransmission', 'spurious_retransmission', 'out_of_order'].map((flag) => `tcp.analysis.${flag}`);

/** A line for each packet to or from the port, sorted: of two that two processors send or take at one time either may be first in a file. */
function tshark(file: string, port: number): string[] {
  const fields = [...FIELDS, ...AGAIN].flatMap((field) => ['-e', field]);
  const options = ['-n', '-r', file, '-Y', `tcp.port == ${port}`, '-T', 'fields', ...fields];
  const text = execFileSync('tshark', options, { encoding: 'utf8', maxBuffer: 256 << 20, stdio: ['ignore', 'pipe', 'ignore'] });
  const lines = text.split('\n').filter((line) => line !== '');
  const told = lines.map((line) => {
    const values = line.split('\t');
    const again = values.slice(FIELDS.length).some((value) => value !== '');
    return [...values.slice(0, FIELDS.length), again ? 'again' : ''].join(' ');
  });
  return told.toSorted();
}

const inOrder = <Row extends { time_ns: bigint }>(rows: readonly Row[]) =>
  rows.toSorted((one, other) => Number(one.time_ns - other.time_ns));

/** The rows at the client's device. */
function atClient(rows: readonly PacketRow[]): PacketRow[] {
  const { client, server } = ends();
  const own = new Set([...Object.values(client.address)]);
  const ifindex = Number(client.run('cat', '/sys/class/net/eth0/ifindex'));
  const toPeer = (row: PacketRow) => own.has(row.local_addr) && Object.values(server.address).includes(row.peer_addr);
  return inOrder(rows).filter((row) => row.ifindex === ifindex && toPeer(row));
}

async function during(run: Run, kind: DetailKind, traffic: () => Promise<void>, expression = `port = ${WEB}`): Promise<RowOf[]> {
  run.set(SLOT, `${expression} and ${run.netns}`);
  run.filters.detail(kind, 1 << SLOT);
  run.take();
  await traffic();
  const rows = run.take();
  run.filters.detail(kind, 0);
  return rows;
}

check('packet rows are the packets that tcpdump sees, header by header, and tshark concludes the same from both', async (run) => {
  const { client, server } = ends();
  const captured = join(directory, 'captured.pcap');
  const written = join(directory, 'written.pcapng');
  lose(server, 'ipv4', 0.03);
  const capture = await startCapture(client, captured);
  const rows = await during(run, 'packet', async () => {
    await connections(WEB, 3, { request: 300_000 });
    await connections(API, 1);
  });
  await capture.stop();
  server.run('iptables', '-F', 'INPUT');
  const packets = atClient(decode(rows, 'packet'));
  const pcapng = new Pcapng({ application: 'tcplens', comment: '' }, () => 'eth0');
  writeFileSync(written, Buffer.concat([pcapng.begin, ...packets.map((row) => pcapng.blockOf({ row, comment: 'by tcplens' }))]));
  const expected = tshark(captured, WEB);
  expect(expected.length).toBeGreaterThan(50);
  expect(tshark(written, WEB)).toEqual(expected);
  expect(tshark(written, API)).toEqual([]);
  const comments = execFileSync('tshark', ['-r', written, '-T', 'fields', '-e', 'frame.comment', '-e', 'frame.interface_name'], {
    encoding: 'utf8',
  });
  expect(new Set(comments.trim().split('\n'))).toEqual(new Set(['by tcplens\teth0']));
});

/** Payload of a full segment: of the device's 1 500 bytes, without the headers of IPv4 and TCP and the timestamps. */
const MSS = 1500 - 20 - 20 - 12;

check('of several segments, how long each is: in a packet, and in what is sent again', async (run) => {
  const { server } = ends();
  loseEach(server, 'ipv4', 4);
  const rows = await during(run, 'packet', () => connections(WEB, 4, { request: 500_000 }));
  server.run('iptables', '-F', 'INPUT');
  const packets = atClient(decode(rows, 'packet')).filter(({ tcp_flags }) => !(tcp_flags & SYN));
  const again = decode(rows, 'retransmit').map(({ segments, mss, bytes }) => ({ segments, mss, length: bytes }));
  for (const all of [packets, again]) {
    expect(all.filter(({ segments }) => segments > 1).length).toBeGreaterThan(0);
    for (const { segments, length, mss } of all) {
      expect(mss).toBe(segments > 1 ? MSS : 0);
      if (length > 0) expect(segments).toBe(Math.ceil(length / MSS));
    }
  }
});

check('progress rows are the segments that come to an open socket, as its own counter has them', async (run) => {
  const rows = inOrder(decode(await during(run, 'progress', () => connections(WEB, 4, { request: 100_000 })), 'progress'));
  const by = Map.groupBy(rows, ({ connection_id }) => connection_id);
  expect(by.size).toBe(8);
  for (const [, of] of by) {
    // The socket's counter moves by what each row brings. It is ahead of the rows while the process holds the socket, but not at the last
    // row.
    const ahead = [0];
    for (const [one, other] of pairs(of)) ahead.push((ahead.at(-1) ?? 0) + other.segs_in - one.segs_in - other.segments);
    expect(Math.min(...ahead)).toBe(ahead.at(-1));
    // What comes in order is taken: the next segment finds it received, and with it what had come before its turn.
    for (const [one, other] of pairs(of))
      if (one.seq === one.rcv_nxt && one.rcv_wnd > 0) expect((other.rcv_nxt - one.end_seq) | 0).toBeGreaterThanOrEqual(0);
    expect(new Set(of.map(({ filters }) => filters))).toEqual(new Set([1 << SLOT]));
  }
  const [one, other] = [...by.values()]
    .map(([first]) => first as ProgressRow)
    .filter(({ local_port, peer_port }, _, all) =>
      [local_port, peer_port].includes(Math.max(all[0]?.local_port ?? 0, all[0]?.peer_port ?? 0)),
    );
  expect([one?.snd_isn, one?.rcv_isn]).toEqual([other?.rcv_isn, other?.snd_isn]);
  expect(one?.snd_isn).not.toBe(0);
});

check('what no filter asks for has no row, and costs the filters one question a second', async (run) => {
  let before = 0;
  const rows = await during(run, 'progress', () => {
    before = run.filters.counters(SLOT).matched;
    return connections(API, 20, { request: 50_000 });
  });
  expect(decode(rows, 'progress')).toEqual([]);
  const { evaluated, matched } = run.filters.counters(SLOT);
  expect(matched - before, 'the listener, in a sweep').toBe(rows.filter((row) => bitsOf(row) & (1 << SLOT)).length);
  console.log(`${evaluated} questions for 20 connections of two ends, other kinds included`);
});

check('an owner is a fact of packets too that come to it', async (run) => {
  const rows = await during(run, 'packet', () => connections(WEB, 2, { request: 200_000 }), 'process = node*');
  run.filters.detail('progress', 0);
  expect(decode(rows, 'packet').length).toBeGreaterThan(0);
});

check('a budget holds, and says what it kept back', async (run) => {
  run.set(SLOT, `port = ${WEB} and ${run.netns}`, { budget: { rows_per_s: 1, burst: 10 } });
  run.filters.exclusive(true);
  run.filters.detail('packet', 1 << SLOT);
  run.take();
  const before = run.source.counters().packet;
  await connections(WEB, 5, { request: 100_000 });
  const rows = run.take();
  const after = run.source.counters().packet;
  const { passed, over_budget } = run.filters.counters(SLOT);
  run.filters.detail('packet', 0);
  expect(over_budget).toBeGreaterThan(0);
  expect(after.withheld - before.withheld).toBeGreaterThan(0);
  expect(rows.length).toBeLessThanOrEqual(passed);
});

check('a filter that has ended asks for nothing more', async (run) => {
  run.set(SLOT, `port = ${WEB}`, { end_ms: Date.now() });
  run.filters.detail('packet', 1 << SLOT);
  run.filters.detail('progress', 1 << SLOT);
  run.take();
  await connections(WEB, 2);
  expect(decode(run.take(), 'packet')).toEqual([]);
  expect(decode(run.take(), 'progress')).toEqual([]);
});

function* pairs<Value>(values: readonly Value[]): Generator<readonly [Value, Value]> {
  for (const [at, value] of values.entries()) {
    const next = values[at + 1];
    if (next !== undefined) yield [value, next];
  }
}
