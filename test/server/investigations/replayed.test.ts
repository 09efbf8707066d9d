// A recording of an investigation, replayed into another collector: that stores the rows as those of the hosts that they are of.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { EVIDENCE_KINDS, type Evidence } from '../../../agent/verdict/evidence.ts';
import type { Store } from '../../../server/storage/store.ts';
import { Journey } from '../../agent/verdict/path.ts';
import { randomOf } from '../../investigations/judged.ts';
import { root } from '../../support/project-files.ts';
import { runCommand } from '../../support/run-command.ts';
import { countRows, startCollector, testDirectory, withStore } from '../support/collector.ts';
import { HOSTS, ordered, recorded, TOLD } from '../support/recorded-file.ts';

const PATH = { lost_out: 0.1, lost_back: 0.1, late: 0, twice: 0, refused: 0, forbidden: 0, has_ids: true, has_timestamps: true };
const named = { pid: 0, started_at_ms: 5, name: 'x', command: 'x', cgroup_id: '0' };
const HOST_ID = "lower(leftPad(hex(host_id), 16, '0'))";

const idsOf = async (store: Store, table: string, count: string) =>
  store.query<{ host_id: string; rows: number }>(
    `SELECT ${HOST_ID} AS host_id, ${count} AS rows FROM ${table} FINAL GROUP BY ${table}.host_id ORDER BY host_id LIMIT 9`,
    {},
    9,
  );

test('rows, hosts and names', async () => {
  const { evidence } = new Journey(PATH, randomOf(7), 3, 60);
  const directory = await testDirectory();
  try {
    const file = join(directory.path, 'two.tcplens');
    const names = { processes: [{ ...named, pid: 9 }], cgroups: [], netns: [] };
    writeFileSync(file, await recorded(ordered(evidence), TOLD, async () => names));
    const data = join(directory.path, 'data');
    const collector = await startCollector(data);
    const args = ['cli.ts', 'replay', file, '--speed', '0', '--collector', collector.url];
    const replay = spawn(process.execPath, args, { cwd: root, stdio: 'ignore' });
    expect(await once(replay, 'exit')).toEqual([0, null]);
    await collector.stop();
    await withStore(data, async (store) => {
      for (const kind of EVIDENCE_KINDS) expect([kind, await countRows(store, kind)]).toEqual([kind, evidence[kind].length]);
      const packets = HOSTS.map(({ host_id }) => ({
        host_id,
        rows: evidence.packet.filter((row) => row.host_id === BigInt(`0x${host_id}`)).length,
      }));
      expect(await idsOf(store, 'packet', 'count()')).toEqual(packets);
      expect(await idsOf(store, 'host', 'any(name)')).toEqual(HOSTS.map(({ host_id, name }) => ({ host_id, rows: name })));
      expect(await idsOf(store, 'process', 'count()')).toEqual(HOSTS.map(({ host_id }) => ({ host_id, rows: 1 })));
    });
  } finally {
    await directory.remove();
  }
});

/** The same journeys once more for each further host. */
function journeysOf(count: number): { evidence: Evidence; hosts: typeof HOSTS } {
  const ids = Array.from({ length: count }, (_, index) => BigInt(index + 1));
  const { evidence } = new Journey(PATH, randomOf(7), 1, 9);
  const kinds = EVIDENCE_KINDS.map((kind) => [kind, ids.flatMap((host_id) => evidence[kind].map((row) => ({ ...row, host_id })))]);
  return {
    evidence: ordered(Object.fromEntries(kinds) as Evidence),
    hosts: ids.map((id) => ({ host_id: id.toString(16).padStart(16, '0'), name: `host-${id}` })),
  };
}

test('many hosts, each with rows of its own', async () => {
  const { evidence, hosts } = journeysOf(7);
  const directory = await testDirectory();
  try {
    const file = join(directory.path, 'seven.tcplens');
    writeFileSync(file, await recorded(evidence, TOLD, undefined, hosts));
    const data = join(directory.path, 'data');
    const collector = await startCollector(data);
    const args = ['cli.ts', 'replay', file, '--speed', '0', '--collector', collector.url];
    expect(await once(spawn(process.execPath, args, { cwd: root, stdio: 'ignore' }), 'exit')).toEqual([0, null]);
    await collector.stop();
    await withStore(data, async (store) => {
      const rows = evidence.packet.length / hosts.length;
      expect(await idsOf(store, 'packet', 'count()')).toEqual(hosts.map(({ host_id }) => ({ host_id, rows })));
      expect(await idsOf(store, 'host', 'any(name)')).toEqual(hosts.map(({ host_id, name }) => ({ host_id, rows: name })));
    });
  } finally {
    await directory.remove();
  }
});

test('more hosts than one process can be are refused, with what to do', async () => {
  const { evidence, hosts } = journeysOf(65);
  const directory = await testDirectory();
  try {
    const file = join(directory.path, 'many.tcplens');
    writeFileSync(file, await recorded(evidence, TOLD, undefined, hosts));
    const ended = runCommand('./tcplens', ['replay', file, '--collector', 'http://127.0.0.1:1']);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/has 65 hosts, at most 64 can be replayed at once: choose one with --host-id/);
  } finally {
    await directory.remove();
  }
});

test.each([
  { args: ['--loop'], code: 2, said: /--loop .*own hosts/ },
  { args: ['--join', `https://localhost:1#${'a'.repeat(16)}.${'b'.repeat(64)}.system`], code: 2, said: /--join .*own hosts/ },
  { args: ['--host-id', '000000000000000c'], code: 1, said: /no rows of host 000000000000000c: it has 0000000000000001 \(sender\)/ },
])('with $args it is refused', async ({ args, code, said }) => {
  const directory = await testDirectory();
  try {
    const file = join(directory.path, 'two.tcplens');
    writeFileSync(file, await recorded(ordered(new Journey(PATH, randomOf(7), 1, 9).evidence)));
    const ended = runCommand('./tcplens', ['replay', file, '--collector', 'http://127.0.0.1:1', ...args]);
    expect(ended.code).toBe(code);
    expect(ended.stderr).toMatch(said);
  } finally {
    await directory.remove();
  }
});
