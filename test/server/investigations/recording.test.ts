// An investigation of two hosts as a recording: its rows are those of the store, the command that judges it says what the collector said, without
// a collector. Who took which file is in the audit.
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { REPORT_PATH } from '../../../agent/contract/batch-envelope.ts';
import { rowJson } from '../../../agent/exports/row-json.ts';
import { Recording } from '../../../agent/recording/read.ts';
import { EVIDENCE_KINDS } from '../../../agent/verdict/evidence.ts';
import { KINDS } from '../../../bpf/rows/rows.gen.ts';
import { ADMIN_API } from '../../../server/api/admin.ts';
import { INVESTIGATIONS_API, type OneInvestigation, type Verdict } from '../../../server/api/investigations.ts';
import { runCommand } from '../../support/run-command.ts';
import { report } from '../support/agent.ts';
import { until } from '../support/collector.ts';
import { useControlled } from '../support/controlled.ts';
import { ask, ownerOf } from '../support/enrolled.ts';
import { investigated } from '../support/investigated.ts';

const controlled = useControlled();
const { admin, url, data } = controlled;
const pathOf = (path: string, id: string) => path.replace(':id', id);

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tcplens-recording-'));
});
afterAll(() => rmSync(directory, { recursive: true }));
const fileAt = (name: string) => join(directory, name);

async function download(path: string, name: string, headers: Record<string, string> = ownerOf(data())): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  https.get(url() + path, { headers, rejectUnauthorized: false }, resolve).on('error', reject);
  await pipeline(await promise, createWriteStream(fileAt(name)));
  return fileAt(name);
}

function rowLinesIn(file: string): string[] {
  const recording = new Recording(file);
  const lines = [...recording.parts()].flatMap((part) => {
    if (part.sort !== 'rows') return [];
    const { size, read } = KINDS[part.kind];
    const view = new DataView(part.rows.buffer, part.rows.byteOffset, part.rows.byteLength);
    return Array.from({ length: part.rows.length / size }, (_, index) => rowJson(read(view, index * size)));
  });
  recording.close();
  return lines;
}

/** But for the moment at which it was made. */
const reportIn = (text: string) => text.replace(/<footer>.*<\/footer>/, '');

test('the same rows, the same verdict and the same files, without a collector', async () => {
  const { id, evidence } = await investigated(controlled);
  const file = await download(pathOf(INVESTIGATIONS_API.recording, id), 'two.tcplens');
  const expected = EVIDENCE_KINDS.flatMap((kind) => evidence[kind].map((row) => rowJson(row)));
  expect(rowLinesIn(file).toSorted()).toEqual(expected.toSorted());

  const names = { pcapng: 'packets', ndjson: 'rows', report: 'report' } as const;
  const said: Record<string, string> = {};
  for (const [option, name] of Object.entries(names))
    said[option] = await download(pathOf(INVESTIGATIONS_API[name], id), `${option}.of-collector`);
  const verdict = (await admin(pathOf(INVESTIGATIONS_API.verdict, id))).body as Verdict;
  const one = (await admin(pathOf(INVESTIGATIONS_API.investigation, id))).body as OneInvestigation;

  const files = Object.keys(names).flatMap((option) => [`--${option}`, fileAt(option)]);
  const { code, stdout, stderr } = runCommand('./tcplens', ['investigate', '--replay', file, '--json', ...files]);
  expect({ code, stderr: stderr.split('\n')[0] }).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^from the recording .*two\.tcplens, which tcplens \S+ made at a collector, of 2 hosts$/),
  });
  const told = JSON.parse(stdout) as { investigation: OneInvestigation; verdict: Verdict };
  expect(verdict.segments).toBeGreaterThan(5);
  expect(told.verdict).toEqual(verdict);
  expect(told.investigation).toEqual(one);
  for (const option of ['pcapng', 'ndjson'] as const)
    expect(readFileSync(fileAt(option)).equals(readFileSync(said[option] ?? ''))).toBe(true);
  const [own, theirs] = [fileAt('report'), said['report'] ?? ''].map((report) => reportIn(readFileSync(report, 'utf8')));
  expect(own).toBe(theirs);

  const audited = await until(
    async () => (await admin(`${ADMIN_API.audit}?limit=20`)).text,
    (text) => ['recording.tcplens', 'packets.pcapng', 'rows.ndjson', 'report.html'].every((name) => text.includes(name)),
  );
  const { entries } = JSON.parse(audited) as { entries: { action: string; target: string; actor: string; outcome: string }[] };
  const taken = entries.filter(({ action }) => action === 'investigation_download');
  expect(taken).toHaveLength(4);
  for (const entry of taken) expect(entry).toMatchObject({ target: id, actor: 'owner', outcome: 'done' });
});

const processesIn = (file: string) => {
  const recording = new Recording(file);
  const names = [...recording.parts()].flatMap((part) => (part.sort === 'names' ? part.names : []));
  recording.close();
  return names.flatMap(({ host_id, processes }) => processes.map((process) => ({ host_id, ...process })));
};

test('names come with the rows, command lines only for operators', async () => {
  const { id, agents } = await investigated(controlled);
  const [{ host }] = agents as [(typeof agents)[number]];
  const process = { pid: 7, started_at_ms: 5, name: 'psql', command: 'psql --password=x', cgroup_id: '0' };
  const named = report({ host_id: host.host_id, processes: [process] });
  expect(await ask(url() + REPORT_PATH, { headers: host.headers, body: named })).toMatchObject({ status: 200 });
  const path = pathOf(INVESTIGATIONS_API.recording, id);
  expect(processesIn(await download(path, 'operator.tcplens'))).toEqual([{ host_id: host.host_id, ...process }]);
  const { body } = await admin(ADMIN_API.tokens, { name: 'wall', role: 'viewer', for_ms: 3_600_000 });
  const viewer = { authorization: `Bearer ${String(body['token'])}` };
  expect(processesIn(await download(path, 'viewer.tcplens', viewer))).toEqual([{ host_id: host.host_id, ...process, command: '' }]);
});
