// `tcplens record`, with a source made by hand and with another recording in place of the kernel.
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { encodeJson, type RecordingEnd, type RecordingHeader, SORT } from '../../../agent/recording/format.ts';
import { Intake } from '../../../agent/recording/intake.ts';
import { Losses } from '../../../agent/recording/losses.ts';
import { type Part, Recording } from '../../../agent/recording/read.ts';
import { recordSource } from '../../../agent/recording/record-source.ts';
import { RecordingWriter } from '../../../agent/recording/write.ts';
import { HEAD_AT, KINDS } from '../../../bpf/rows/rows.gen.ts';
import { rowBytes } from '../../support/row-bytes.ts';
import { runCommand } from '../../support/run-command.ts';
import { fakeSource } from '../fake-source.ts';
import { HEADER } from '../recorded.ts';
import { COUNTED, end, FRAMES, fileOf, header, row, rows, SOUND } from './made.ts';

const record = (...args: string[]) => runCommand(process.execPath, ['cli.ts', 'record', ...args]);
const newFile = () => join(mkdtempSync(join(tmpdir(), 'tcplens-')), 'copy.tcplens');

function read(file: string): {
  header: RecordingHeader;
  parts: Part[];
  said: string[];
  counts: Record<string, number>;
  end: RecordingEnd['kinds'];
} {
  const recording = new Recording(file);
  const losses = new Losses();
  const parts = [...recording.parts(losses)];
  recording.close();
  const counts: Record<string, number> = {};
  let kinds: RecordingEnd['kinds'] = {};
  for (const part of parts) {
    if (part.sort === 'rows') counts[part.kind] = (counts[part.kind] ?? 0) + part.rows.length / KINDS[part.kind].size;
    if (part.sort === 'end') kinds = part.end.kinds;
  }
  return { header: recording.header, parts, said: losses.sentences(recording.header), counts, end: kinds };
}

test('a source: rows without their host, the counters of its end, and what made it', async () => {
  const source = fakeSource();
  const file = newFile();
  const writer = new RecordingWriter(file, { header: HEADER, force: false });
  const sent = row('retransmit', 0, { connection_id: 5 });
  source.write('retransmit', Buffer.concat([rowBytes('retransmit', { host_id: 77, filters: 3, connection_id: 5, comm: 'curl' }), sent]));
  source.counts.retransmit.ring_lost = 9;
  const stop = AbortSignal.timeout(300);
  await recordSource(source, writer, new Intake(writer), { interval_ms: 100, stop });
  const found = read(file);
  const [first] = found.parts;
  expect(first).toMatchObject({ sort: 'rows', kind: 'retransmit' });
  expect(first?.sort === 'rows' && Buffer.from(first.rows)).toEqual(
    Buffer.concat([rowBytes('retransmit', { connection_id: 5, comm: 'curl' }), sent]),
  );
  expect(found.end['retransmit']).toMatchObject({ rows: 2, ring_lost: 9 });
  expect(found.said).toEqual([]);
  expect(found.header).toMatchObject(HEADER);
});

test('a source that never stops: the limit of rows does', async () => {
  const source = fakeSource();
  const file = newFile();
  const writer = new RecordingWriter(file, { header: HEADER, force: false });
  source.write('sample', Buffer.concat(Array.from({ length: 50 }, () => row('sample', 0))));
  source.write('state_change', Buffer.concat(Array.from({ length: 50 }, () => row('state_change', 0))));
  await recordSource(source, writer, new Intake(writer, { limit: 70 }), { interval_ms: 10_000, stop: new AbortController().signal });
  const { counts, said } = read(file);
  expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(70);
  expect(said).toEqual([]);
});

test('a copy has the same rows, times and counters, and the names of what its rows mention', () => {
  const process_of = (pid: number) => ({ pid, started_at_ms: 1000 + pid, name: 'nginx', command: 'nginx', cgroup_id: '5' });
  const cgroup_of = (cgroup_id: string) => ({ cgroup_id, path: `/${cgroup_id}`, container_id: '', unit: '' });
  const names = {
    processes: [process_of(0), process_of(99)],
    cgroups: [cgroup_of('5'), cgroup_of('55')],
    netns: [
      { netns: '6', inode: 1, name: 'blue' },
      { netns: '66', inode: 2, name: 'green' },
    ],
  };
  const from = fileOf(header(), encodeJson(SORT.names, 3, names), ...FRAMES, encodeJson(SORT.names, 130, names), end(COUNTED));
  const file = newFile();
  const { code, stderr } = record(file, '--replay', from);
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/copy\.tcplens: .*rows: 3 retransmit \(2 lost\), /);
  const [old, now] = [read(from), read(file)];
  expect(now.parts.filter(({ sort }) => sort === 'rows')).toEqual(old.parts.filter(({ sort }) => sort === 'rows'));
  expect(now.parts.filter((part) => part.sort === 'names').map((part) => part.names)).toEqual([
    { processes: names.processes.slice(0, 1), cgroups: names.cgroups.slice(0, 1), netns: names.netns.slice(0, 1) },
  ]);
  expect(now.end).toMatchObject(COUNTED);
  expect({ ...now.header, tcplens: '' }).toEqual({ ...old.header, tcplens: '' });
});

test('a copy of an earlier version’s recording is one of this version', () => {
  const file = newFile();
  const { code, stderr } = record(file, '--replay', join(import.meta.dirname, 'earlier.tcplens'));
  expect(code).toBe(0);
  expect(stderr).toMatch(/connection rows do not know uid, filters,/);
  expect(read(file)).toMatchObject({ counts: { retransmit: 9, connection: 5, state_change: 11, sample: 5 }, said: [] });
});

test('a copy of one that was cut short still does not know what was lost', () => {
  const file = newFile();
  const { stderr } = record(file, '--replay', fileOf(SOUND.subarray(0, SOUND.length - 9)));
  expect(stderr).toMatch(/cut short at byte/);
  expect(read(file)).toMatchObject({
    counts: { retransmit: 3, sample: 1 },
    said: ['how many rows the kernel lost while they were recorded is not known'],
  });
});

test.each([
  { args: ['--limit', '2'], counts: { retransmit: 2 } },
  { args: ['--limit', '3'], counts: { retransmit: 2, sample: 1 } },
  { args: ['--duration', '60ms'], counts: { retransmit: 2, sample: 1 } },
])('$args ends a copy early', ({ args, counts }) => {
  const file = newFile();
  expect(record(file, '--replay', fileOf(SOUND), ...args).code).toBe(0);
  expect(read(file)).toMatchObject({ counts, said: [] });
});

/** Rows that do not compress. */
function noisy(frames: number): string {
  const bytes = (index: number) => {
    const noise = Buffer.from(Array.from({ length: KINDS.sample.size }, (_, at) => (at * 7919 + index * 104_729 + at * at * index) & 0xff));
    row('sample', 0).copy(noise, 0, 0, HEAD_AT.srtt_us);
    return noise;
  };
  const many = Array.from({ length: frames }, (_, index) =>
    rows('sample', index, ...Array.from({ length: 100 }, (_, at) => bytes(index * 100 + at))),
  );
  return fileOf(header(), ...many, end({ sample: { rows: frames * 100, written: frames * 100 } }));
}

test('--max-bytes: a sound recording that is not larger', () => {
  const file = newFile();
  const from = noisy(20);
  expect(statSync(from).size).toBeGreaterThan(128 * 1024);
  expect(record(file, '--replay', from, '--max-bytes', '64KiB').code).toBe(0);
  expect(statSync(file).size).toBeLessThanOrEqual(64 * 1024);
  const { counts, said } = read(file);
  expect(counts['sample']).toBeGreaterThan(100);
  expect(said).toEqual([]);
});

test('what is there is not overwritten but with --force', () => {
  const file = fileOf(Buffer.from('dear'));
  const from = fileOf(SOUND);
  const refused = record(file, '--replay', from);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/is there already.*--force/) });
  expect(readFileSync(file, 'utf8')).toBe('dear');
  expect(record(file, '--replay', from, '--force').code).toBe(0);
  expect(read(file).counts).toEqual({ retransmit: 3, sample: 1 });
});

test.each([
  { it: 'onto itself', args: (from: string) => [from, '--replay', from, '--force'], code: 2, error: /onto itself/ },
  {
    it: 'into no folder',
    args: (from: string) => ['/nonexistent/file', '--replay', from],
    code: 1,
    error: /cannot create \/nonexistent\/file/,
  },
  {
    it: 'too small',
    args: (from: string) => [newFile(), '--replay', from, '--max-bytes', '5KiB'],
    code: 1,
    error: /give --max-bytes \d+KiB or more/,
  },
  {
    it: 'no secret',
    args: (from: string) => [newFile(), '--replay', from, '--anonymize-secret', '/nonexistent/s'],
    code: 2,
    error: /head -c 32/,
  },
  { it: 'no recording', args: () => [newFile(), '--replay', import.meta.filename], code: 1, error: /no recording/ },
])('refused: $it', ({ args, code, error }) => {
  const found = record(...args(fileOf(SOUND)));
  expect(found).toMatchObject({ code, stderr: expect.stringMatching(error) });
});

test('no room for the first byte', (ctx) => {
  ctx.skip(process.platform !== 'linux', 'there is no /dev/full');
  expect(record('/dev/full', '--replay', fileOf(SOUND), '--force')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/no room for more of \/dev\/full/),
  });
});

test('a disk that fills up: the error says so, and what came before can be read', (ctx) => {
  ctx.skip(process.getuid?.() !== 0, 'only root can mount a small disk');
  const folder = mkdtempSync(join(tmpdir(), 'tcplens-'));
  const steps = [
    `mount -t tmpfs -o size=96k none ${folder}`,
    `{ ${process.execPath} cli.ts record ${folder}/full.tcplens --replay ${noisy(20)}; echo exit $?; }`,
    `cp ${folder}/full.tcplens ${folder}.tcplens`,
  ];
  const { code, stdout, stderr } = runCommand('unshare', ['-m', 'sh', '-c', steps.join(' && ')]);
  expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: 'exit 1\n' });
  const held = Number(/no room for more of .*it holds the (\d+) rows until then/.exec(stderr)?.[1]);
  expect(held).toBeGreaterThan(100);
  expect(read(`${folder}.tcplens`).counts).toEqual({ sample: held });
});

test('--anonymize: other addresses, no names, and it says so', () => {
  const names = { processes: [], cgroups: [], netns: [{ netns: '6', inode: 1, name: 'blue' }] };
  const of = (local_addr: string, peer_addr: string) =>
    row('drop', 0, { local_addr, peer_addr, address: 0xffff_8000_1234, length: 7, netns: 6, comm: 'curl' });
  const from = fileOf(
    header(),
    encodeJson(SORT.names, 0, names),
    rows('drop', 0, of('10.1.2.3', '93.184.216.34'), of('10.1.2.4', '93.184.216.35'), of('127.0.0.1', '127.0.0.1')),
    end({ drop: { rows: 3, written: 3 } }),
  );
  const secret = join(mkdtempSync(join(tmpdir(), 'tcplens-')), 'secret');
  writeFileSync(secret, 'a secret of several hosts');
  const copies = [['--anonymize'], ['--anonymize'], ['--anonymize-secret', secret], ['--anonymize-secret', secret]].map((args) => {
    const file = newFile();
    expect(record(file, '--replay', from, ...args).code).toBe(0);
    expect(readFileSync(file).includes('blue')).toBe(false);
    return read(file);
  });
  const rowsOf = ({ parts }: (typeof copies)[number]) =>
    parts
      .filter((part) => part.sort === 'rows')
      .flatMap(({ rows: bytes }) => {
        const { read: readRow, size } = KINDS.drop;
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        return Array.from({ length: bytes.length / size }, (_, index) => readRow(view, index * size));
      });
  const [one, two, three, four] = copies.map((copy) => rowsOf(copy));
  expect(copies[0]?.header.anonymized).toBe(true);
  expect(copies[0]?.said).toEqual([expect.stringMatching(/not the real ones/)]);
  expect(one?.[0]).toMatchObject({ comm: 'curl', length: 7, address: 0n });
  expect(one?.[0]?.local_addr).toMatch(/^10\./);
  expect(one?.map(({ peer_addr }) => peer_addr)).not.toContain('93.184.216.34');
  expect(one?.[2]).toMatchObject({ local_addr: '127.0.0.1', peer_addr: '127.0.0.1' });
  expect(two?.[0]?.peer_addr).not.toBe(one?.[0]?.peer_addr);
  expect(four).toEqual(three);
});

test('more names than a frame takes go into several', () => {
  const file = newFile();
  const writer = new RecordingWriter(file, { header: HEADER, force: false });
  const netns = Array.from({ length: 600 }, (_, index) => ({ netns: String(index), inode: index, name: `n${index}` }));
  expect(writer.addNames({ processes: [], cgroups: [], netns }, 0)).toBe(true);
  writer.end(undefined, 0);
  const parts = read(file).parts.filter((part) => part.sort === 'names');
  expect(parts.length).toBeGreaterThan(1);
  expect(parts.flatMap(({ names }) => names.netns)).toEqual(netns);
});
