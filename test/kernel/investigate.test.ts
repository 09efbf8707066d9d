// `tcplens investigate` as people call it, beside a loss that the test makes: each segment that the kernel sent again has a verdict, the verdict
// names the rule's place, and Wireshark's program reads the capture.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { until } from '../agent/until.ts';
import { loseEach, makePair, socketsGone } from '../support/netns.ts';
import { root } from '../support/project-files.ts';
import { runCommand } from '../support/run-command.ts';
import { rightsOf } from '../support/threads.ts';

const TRAFFIC = new URL('../support/traffic.ts', import.meta.url).pathname;
const PORT = 7010;

type Line = { kind: string; netns: string; ifindex: number; segments: number };
type Told = {
  account: { over_budget: number };
  other_end: { watched: boolean };
  summary: { segments: number; by_cause: Record<string, number>; peer_observed: number; sentences: string[] };
  claims: { about: string; connections: number; sentence: string; rests_on: { kind: string }[] }[];
  stacks: { about: string; what: string; functions: string[]; rows: number }[];
  verdicts: { cause: string; place?: { reason: string }; rests_on: { kind: string }[] }[];
};

test('a loss in the receiver’s netfilter', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('needs root: network namespaces and BPF');
  const pair = makePair();
  const directory = mkdtempSync(join(tmpdir(), 'tcplens-investigate-'));
  const capture = join(directory, 'capture.pcapng');
  try {
    const serving = pair.server.start(process.execPath, TRAFFIC, 'serve', '0.0.0.0', String(PORT));
    if (serving.stdout) await once(serving.stdout, 'data');
    loseEach(pair.server, 'ipv4', 10);
    const [report, ndjson, recording] = ['report.html', 'rows.ndjson', 'all.tcplens'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ];
    const args = ['investigate', `port = ${PORT}`, '--for', '10m', '--json', '--pcapng', capture, '--report', report, '--ndjson', ndjson];
    args.push('--recording', recording);
    const child = spawn(join(root, 'tcplens'), args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    // The last thing it does before it looks is to give up what it needed to attach.
    await until('it looks', () => Object.values(rightsOf(child.pid ?? 0)).every(({ NoNewPrivs }) => NoNewPrivs === '1'));
    const client = pair.client.start(process.execPath, TRAFFIC, 'client', pair.server.address.ipv4, ...[PORT, 4, 400_000, 100].map(String));
    client.stdout?.resume();
    await once(client, 'exit');
    // A FIN may be lost too, of either end.
    for (const side of [pair.client, pair.server]) await socketsGone(side);
    const again = [pair.client, pair.server].reduce((sum, side) => sum + (side.nstat()['TcpRetransSegs'] ?? 0), 0);
    const [, matched] = /^\s*(\d+)\s+\d+\s+DROP\s/m.exec(pair.server.run('iptables', '-L', 'INPUT', '-v', '-x', '-n')) ?? [];
    const ended = once(child, 'close');
    child.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    serving.kill();

    const told = JSON.parse(lines.join('')) as Told;
    expect(told.other_end.watched).toBe(true);
    expect(told.account.over_budget).toBe(0);
    expect(told.summary.segments).toBe(again);
    expect(again).toBeGreaterThan(0);
    expect(told.summary.peer_observed).toBe(again);
    const lost = told.verdicts.filter(({ cause }) => cause === 'dropped_at_receiver');
    expect(lost.length).toBeGreaterThan(0);
    expect(new Set(lost.map(({ place }) => place?.reason))).toEqual(new Set(['netfilter_drop']));
    expect(lost.every(({ rests_on }) => rests_on.some(({ kind }) => kind === 'drop'))).toBe(true);
    // What the rule dropped was sent again for that; all else was sent again although it had come, or its ACK was on its way.
    expect(new Set(told.verdicts.map(({ cause }) => cause)).difference(new Set(['dropped_at_receiver', 'not_needed']))).toEqual(new Set());
    // The rule counts its packets, and each went through netfilter's hook.
    const filtered = told.stacks.filter(({ about, what }) => about === 'drop' && what === 'lost netfilter_drop');
    expect(filtered.reduce((sum, { rows }) => sum + rows, 0)).toBe(Number(matched));
    for (const { functions } of filtered) expect(functions).toContain('nf_hook_slow');
    const slow = told.claims.filter(({ about }) => about === 'slow');
    // Connections that took no time to speak of have no claim.
    expect(slow.every(({ connections, sentence, rests_on }) => connections > 0 && sentence.endsWith('.') && rests_on.length > 0)).toBe(
      true,
    );
    const commented = execFileSync(
      'tshark',
      ['-r', capture, '-Y', 'frame.comment contains "netfilter_drop"', '-T', 'fields', '-e', 'tcp.dstport'],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    expect(new Set(commented.trim().split('\n'))).toEqual(new Set([String(PORT)]));
    // The capture has as many packets as there are rows of them, at each device.
    const read = execFileSync('tshark', ['-r', capture, '-T', 'fields', '-e', 'frame.interface_name'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const rows = readFileSync(ndjson, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);
    const packets = rows.filter(({ kind }) => kind === 'packet').map(({ netns, ifindex }) => `netns ${netns} device ${ifindex}`);
    expect(read.trim().split('\n').toSorted()).toEqual(packets.toSorted());
    expect(rows.filter(({ kind }) => kind === 'retransmit').reduce((sum, { segments }) => sum + segments, 0)).toBe(again);
    const written = readFileSync(report, 'utf8');
    expect(written).toContain('nf_hook_slow');
    for (const sentence of told.summary.sentences) expect(written).toContain(sentence.replaceAll("'", '&#39;'));

    const again_args = ['investigate', '--replay', recording, '--json', '--pcapng', `${capture}.again`, '--report', `${report}.again`];
    const replayed = runCommand('./tcplens', again_args);
    expect({ code: replayed.code, told: JSON.parse(replayed.stdout) as Told }).toEqual({ code: 0, told });
    expect(replayed.stderr).toContain(`from the recording ${recording}`);
    expect(readFileSync(`${capture}.again`).equals(readFileSync(capture))).toBe(true);
    const dated = (text: string) => text.replace(/<footer>.*<\/footer>/, '');
    expect(dated(readFileSync(`${report}.again`, 'utf8'))).toBe(dated(written));
  } finally {
    pair.close();
    rmSync(directory, { recursive: true });
  }
});

test('a file that cannot be written is said before it looks', (context) => {
  if (process.getuid?.() !== 0) return context.skip('needs root: network namespaces and BPF');
  const { code, stderr } = runCommand('./tcplens', ['investigate', 'port = 1', '--ndjson', '/proc/rows']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/cannot write \/proc\/rows .*name a file that you may write/);
});

test.each([
  [['--hosts', 'host = a'], /--hosts .*--collector/],
  [['--collector', 'ftp://x'], /is not a URL/],
  [['--user-stacks', '--detail', 'rows'], /--user-stacks: .*detail rows does not have: ask for stacks, progress, packets/],
])('%j is refused', (args, said) => {
  const { code, stderr } = runCommand('./tcplens', ['investigate', 'port = 1', ...args]);
  expect(code).toBe(2);
  expect(stderr).toMatch(said);
});

const REFUSED = [
  { filter: 'class = rto', said: /class/ },
  { filter: 'port = ', said: /column \d+ of the filter/ },
];

test.each(REFUSED)('$filter is refused before anything is opened', ({ filter, said }) => {
  const { code, stderr } = runCommand('./tcplens', ['investigate', filter]);
  expect(code).toBe(2);
  expect(stderr).toMatch(said);
});
