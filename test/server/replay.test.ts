// The committed recording through the whole line, as someone who may do nothing: what a machine without root can see.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { isDetail } from '../../agent/contract/detail.ts';
import { KIND } from '../../bpf/rows/rows.gen.ts';
import type { Edges, Overview } from '../../server/api.ts';
import { NOBODY, whyNotNobody } from '../support/nobody.ts';
import { root } from '../support/project-files.ts';
import { countRows, startCollector, testDirectory, until, withStore } from './support/collector.ts';

const RECORDING = join('test', 'recordings', 'loss.tcplens');
/** Whoever runs the tests where nobody cannot. */
const someone = whyNotNobody() === '' ? NOBODY : {};

const run = async (...args: string[]) =>
  (await promisify(execFile)(process.execPath, ['cli.ts', ...args], { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20, ...someone }))
    .stdout;

test('a recording drives agent, collector, engine and API without root', async () => {
  const printed = await run('watch', ...KIND, '--format', 'ndjson', '--replay', RECORDING, '--speed', '0');
  const rows = printed
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind: string; event?: string; class?: string });
  const counts = Object.fromEntries(KIND.map((kind) => [kind, rows.filter((row) => row.kind === kind).length]));
  // Nobody asked for details when it was made.
  for (const kind of KIND) if (!isDetail(kind)) expect({ kind, rows: counts[kind] }).not.toEqual({ kind, rows: 0 });

  const directory = await testDirectory();
  const collector = await startCollector(directory.path);
  const get = async <Answer>(path: string) => (await (await fetch(collector.url + path)).json()) as Answer;
  await run('replay', RECORDING, '--speed', '0', '--collector', collector.url, '--host-id', '00000000000000aa');
  const all = (of: Edges['edges'], name: 'failed' | 'opened') => of.reduce((sum, edge) => sum + edge[name], 0);
  const told = (event: string) => rows.filter((row) => row.event === event).length;
  // What opened and what failed may be in batches that are inserted one after the other.
  const { edges } = await until(
    () => get<Edges>('/api/v1/edges?sort=retrans'),
    ({ edges: seen }) => all(seen, 'failed') >= told('failed') && all(seen, 'opened') >= told('open'),
  );
  expect([all(edges, 'failed'), all(edges, 'opened')]).toEqual([told('failed'), told('open')]);
  expect(new Set(edges.map(({ host }) => host))).toEqual(new Set(['recording loss']));
  await until(
    () => get<Overview>('/api/v1/overview'),
    ({ tiles }) => tiles.retransmit_ratio !== null && tiles.data_segs_out > 0,
  );
  // Each kind is inserted on its own: what is last is not known.
  await until(
    async () => (await fetch(`${collector.url}/metrics`)).text(),
    (metrics) => /^tcplens_collector_log_size\S* 0$/m.test(metrics),
  );
  await collector.stop();
  await withStore(directory.path, async (store) => {
    const stored = Object.fromEntries(await Promise.all(KIND.map(async (kind) => [kind, await countRows(store, kind)])));
    expect(stored).toEqual(counts);
  });
  await directory.remove();
});
