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
import { EVIDENCE_KINDS } from '../../../agent/verdict/evidence.ts';
import { judgeAll } from '../../../agent/verdict/verdicts.ts';
import { INVESTIGATIONS_API, type Verdict } from '../../../server/api/investigations.ts';
import { useControlled } from '../support/controlled.ts';
import { ownerOf } from '../support/enrolled.ts';
import { COMM, investigated, NAME, NOTE } from '../support/investigated.ts';
import { ASKED } from '../support/investigating.ts';

const controlled = useControlled();
const { admin, url, data } = controlled;
const get = (path: string, id: string) => admin(path.replace(':id', id));

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
  const { id, evidence, agents } = await investigated(controlled);
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
  for (const path of [INVESTIGATIONS_API.packets, INVESTIGATIONS_API.rows, INVESTIGATIONS_API.report, INVESTIGATIONS_API.recording])
    expect(await get(path, '0'.repeat(16))).toMatchObject({ status: 404, body: { code: 'not_found' } });
  const id = String((await admin(INVESTIGATIONS_API.investigations, ASKED)).body['id']);
  expect(await get(INVESTIGATIONS_API.rows, id)).toMatchObject({ status: 200, text: '' });
  expect((await get(INVESTIGATIONS_API.report, id)).text).toContain('No segment of these connections was sent again.');
});
