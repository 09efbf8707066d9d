// What leaves an investigation of two hosts, by rows of a made-up journey: its packets as tshark reads them, its rows line by line, the report.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { rowJson } from '../../../agent/exports/row-json.ts';
import { EVIDENCE_KINDS, type Evidence } from '../../../agent/verdict/evidence.ts';
import { judgeAll } from '../../../agent/verdict/verdicts.ts';
import { INVESTIGATIONS_API, type Verdict } from '../../../server/api/investigations.ts';
import { Journey } from '../../agent/verdict/path.ts';
import { randomOf } from '../../investigations/judged.ts';
import { until } from '../support/collector.ts';
import { type Agent, useControlled } from '../support/controlled.ts';
import { ownerOf } from '../support/enrolled.ts';
import { ASKED, running } from '../support/investigating.ts';
import { placed, sendAll } from '../support/journeyed.ts';

const PATH = { lost_out: 0.1, lost_back: 0.1, late: 0, twice: 0, has_ids: true, has_timestamps: true };
const SLOT = 3;
const COMM = '<b>"a&\u202eb';
const NAME = '<img src=x onerror=alert(1)>';
const NOTE = "</title><script>alert('note')</script>";

const { admin, lineOf, join: joined, connect, url, data } = useControlled();
const get = (path: string, id: string) => admin(path.replace(':id', id));

/** Two hosts that have run it; resolves once all of their rows are stored. */
async function investigated(): Promise<{ id: string; evidence: Evidence; agents: Agent[] }> {
  const line = await lineOf('prod');
  const agents = [await connect(await joined(line, NAME)), await connect(await joined(line, 'receiver'))];
  const { body } = await admin(INVESTIGATIONS_API.investigations, { ...ASKED, detail: 'packets', for_ms: 600_000, note: NOTE });
  const id = String(body['id']);
  for (const { wanted } of agents)
    await until(
      () => wanted.at(-1)?.length,
      (count) => count === 1,
    );
  const hosts = agents.map(({ host }) => host);
  const evidence = placed(new Journey(PATH, randomOf(7), 3, 60).evidence, hosts, Date.now(), { filters: 1 << SLOT, comm: COMM, pid: 7 });
  await sendAll(url(), evidence, hosts);
  for (const { host, say } of agents) {
    const own = EVIDENCE_KINDS.flatMap((kind) => evidence[kind].filter(({ host_id }) => host_id === BigInt(`0x${host.host_id}`)));
    say({ type: 'investigations', states: [running(id, { slot: SLOT, passed: own.length, matched: own.length + 5, over_budget: 5 })] });
  }
  const all = EVIDENCE_KINDS.reduce((sum, kind) => sum + evidence[kind].length, 0);
  await until(
    async () => (await get(INVESTIGATIONS_API.verdict, id)).body as Verdict,
    ({ rows }) => rows.stored === all && rows.written === all,
  );
  return { id, evidence, agents };
}

function tshark(capture: string, ...fields: string[]): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'tcplens-capture-'));
  try {
    const file = join(directory, 'packets.pcapng');
    writeFileSync(file, capture, 'latin1');
    const args = ['-r', file, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])];
    return execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      .trim()
      .split('\n');
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test('packets, rows and a report say what the store has', async () => {
  const { id, evidence, agents } = await investigated();
  const { verdicts } = judgeAll(evidence);
  expect(verdicts.length).toBeGreaterThan(5);

  const rows = await get(INVESTIGATIONS_API.rows, id);
  expect(rows.headers).toMatchObject({
    'content-type': 'application/x-ndjson',
    'content-disposition': `attachment; filename="tcplens-${id}-rows.ndjson"`,
  });
  const lines = rows.text.trim().split('\n');
  const expected = EVIDENCE_KINDS.flatMap((kind) => evidence[kind].map((row) => rowJson(row)));
  expect(lines.toSorted()).toEqual(expected.toSorted());
  const times = lines.map((line) => BigInt((JSON.parse(line) as { time_ns: string }).time_ns));
  expect(times).toEqual(times.toSorted((a, b) => (a < b ? -1 : 1)));

  const capture = await get(INVESTIGATIONS_API.packets, id);
  expect(capture.headers['content-disposition']).toBe(`attachment; filename="tcplens-${id}-packets.pcapng"`);
  const bytes = await bytesOf(INVESTIGATIONS_API.packets.replace(':id', id));
  const packets = tshark(bytes, 'frame.interface_name', 'tcp.seq_raw', 'frame.comment').map((line) => line.split('\t'));
  const nameOf = (host_id: bigint) => (host_id === BigInt(`0x${agents[0]?.host.host_id}`) ? NAME : 'receiver');
  const seen = evidence.packet.map(({ host_id, netns, ifindex, seq }) => `${nameOf(host_id)} netns ${netns} device ${ifindex} ${seq}`);
  expect(packets.map(([device, seq]) => `${device} ${seq}`).toSorted()).toEqual(seen.toSorted());
  const commented = packets.filter(([, , comment]) => comment?.includes('retransmission (rto)'));
  expect(commented).toHaveLength(verdicts.length);
  expect(packets.map(([, , comment]) => comment).join()).not.toContain('\u202e');
  expect(bytes).toContain('Cut: 10 rows were beyond the budget and are missing.');

  const report = await get(INVESTIGATIONS_API.report, id);
  const { body } = await get(INVESTIGATIONS_API.verdict, id);
  for (const sentence of (body as Verdict).sentences) expect(report.text).toContain(sentence.replaceAll("'", '&#39;'));
  expect(report.headers['content-disposition']).toBe(`attachment; filename="tcplens-${id}-report.html"`);
  for (const text of [NAME, NOTE, COMM, '\u202e']) expect(report.text).not.toContain(text);
  for (const text of ['&lt;img src=x onerror=alert(1)&gt;', '&lt;script&gt;', '&lt;b&gt;&quot;a&amp;\\u202eb'])
    expect(report.text).toContain(text);
});

/** A byte a character. */
async function bytesOf(path: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  https.get(url() + path, { headers: ownerOf(data()), rejectUnauthorized: false }, resolve).on('error', reject);
  return (await buffer(await promise)).toString('latin1');
}

test('of none that there is, or that no host has run, there is nothing', async () => {
  for (const path of [INVESTIGATIONS_API.packets, INVESTIGATIONS_API.rows, INVESTIGATIONS_API.report])
    expect(await get(path, '0'.repeat(16))).toMatchObject({ status: 404, body: { code: 'not_found' } });
  const id = String((await admin(INVESTIGATIONS_API.investigations, ASKED)).body['id']);
  expect(await get(INVESTIGATIONS_API.rows, id)).toMatchObject({ status: 200, text: '' });
  expect((await get(INVESTIGATIONS_API.report, id)).text).toContain('No segment of these connections was sent again.');
});
