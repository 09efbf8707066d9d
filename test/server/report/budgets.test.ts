// A host that tells names without end: they take bounded room, the newest of them stay, and other hosts keep theirs.
import { expect, test } from 'vitest';
import type { AgentReport } from '../../../agent/contract/agent-report.ts';
import { postReport, report } from '../support/agent.ts';
import { startCollector, testDirectory, withStore } from '../support/collector.ts';

const REPORTS = 100;
const NAMES = 10_000;
/** Of cgroups, by host; and how many may have come since it was looked at. */
const HOST_MAX = 20_000;
const MIB = 1024 * 1024;
const HONEST = '00000000000000aa';
const HOSTILE = '00000000000000bb';

function cgroupsOf(first: number, count: number): AgentReport['cgroups'] {
  return Array.from({ length: count }, (_, index) => {
    const id = String(first + index);
    const container_id = id.padStart(64, '0');
    return {
      cgroup_id: id,
      path: `/system.slice/docker-${container_id}.scope`,
      container_id,
      pod_uid: '',
      unit: `docker-${container_id}.scope`,
    };
  });
}

test('a million cgroups in a hundred reports', async () => {
  const directory = await testDirectory();
  const collector = await startCollector(directory.path);
  const tell = async (host_id: string, cgroups: AgentReport['cgroups'], processes: AgentReport['processes'] = []) => {
    const began = performance.now();
    expect(await postReport(collector.url, report({ host_id, cgroups, processes }))).toMatchObject({ status: 200 });
    return performance.now() - began;
  };
  await tell(HONEST, cgroupsOf(1, 500));
  await tell(HOSTILE, cgroupsOf(1, NAMES));
  const before = process.memoryUsage().rss;
  const times: number[] = [];
  const memory: number[] = [];
  for (let number = 1; number < REPORTS; number++) {
    times.push(await tell(HOSTILE, cgroupsOf(1 + number * NAMES, NAMES)));
    memory.push(Math.round((process.memoryUsage().rss - before) / MIB));
  }
  const more = Math.max(...memory.slice(REPORTS / 2)) - Math.max(...memory.slice(0, REPORTS / 2));
  console.log(`MiB after so many reports: ${[10, 30, 50, 70, 98].map((number) => `${number}: ${memory[number]}`).join(', ')}`);
  const median = (some: number[]) => Math.round(some.toSorted((a, b) => a - b)[Math.floor(some.length / 2)] ?? 0);
  console.log(
    `${REPORTS * NAMES} cgroups: ${more} MiB more memory in the second half; a report takes ${median(times.slice(0, 10))} ms at first, ${median(times.slice(-10))} ms at last, one of 500 beside it ${median([await tell(HONEST, cgroupsOf(501, 500))])} ms`,
  );
  // The test's own bodies are in it; half a million names in a dictionary would be twice as much.
  expect(more).toBeLessThan(100);
  const text = await (await fetch(`${collector.url}/metrics`)).text();
  const evicted = Number(/^tcplens_collector_names_evicted\w*\{table="cgroup"[^}]*\} (\d+)/m.exec(text)?.[1]);
  await collector.stop();
  await withStore(directory.path, async (store) => {
    const named = (host_id: string) =>
      store.query<{ names: number; oldest: number; newest: number }>(
        'SELECT count() AS names, toUInt64(min(cgroup_id)) AS oldest, toUInt64(max(cgroup_id)) AS newest FROM cgroup FINAL WHERE host_id = {host_id:UInt64}',
        { host_id: BigInt(`0x${host_id}`).toString() },
      );
    expect(await named(HONEST)).toEqual([{ names: 1000, oldest: 1, newest: 1000 }]);
    const [{ names = 0, oldest = 0, newest = 0 } = {}] = await named(HOSTILE);
    expect(names).toBeLessThanOrEqual(HOST_MAX + NAMES);
    expect(names).toBeGreaterThanOrEqual(HOST_MAX);
    expect(evicted + names).toBe(REPORTS * NAMES);
    expect({ newest, contiguous: newest - oldest + 1 }).toEqual({ newest: REPORTS * NAMES, contiguous: names });
    await store.query('SELECT 1');
    expect(await store.query("SELECT dictGet('cgroup_label', 'label', (toUInt64(170), toUInt64(1))) AS label")).toEqual([
      { label: '0'.repeat(12) },
    ]);
  });
  await directory.remove();
});

test('what is told again stays, what was told longest ago goes', async () => {
  const directory = await testDirectory();
  const collector = await startCollector(directory.path);
  const tell = async (cgroups: AgentReport['cgroups'], at_ms: number) =>
    expect(await postReport(collector.url, report({ host_id: HOSTILE, cgroups, at_ms }))).toMatchObject({ status: 200 });
  const began = Date.now() - 60_000;
  await tell(cgroupsOf(1, NAMES), began);
  await tell(cgroupsOf(NAMES + 1, NAMES), began + 1000);
  await tell(cgroupsOf(1, 5000), began + 2000);
  await tell(cgroupsOf(2 * NAMES + 1, NAMES), began + 3000);
  await collector.stop();
  await withStore(directory.path, async (store) => {
    const ranges = await store.query<Record<string, number>>(
      'SELECT countIf(cgroup_id <= 5000) AS again, countIf(cgroup_id > 5000 AND cgroup_id <= 10000) AS once, countIf(cgroup_id > 20000) AS last, count() AS names FROM cgroup FINAL',
    );
    expect(ranges).toMatchObject([{ again: 5000, once: 0, last: NAMES, names: HOST_MAX }]);
  });
  await directory.remove();
});

test('a host’s processes are bounded too', async () => {
  const directory = await testDirectory();
  const collector = await startCollector(directory.path);
  for (let number = 0; number < 13; number++) {
    const processes = Array.from({ length: NAMES }, (_, index) => ({
      pid: 1 + index,
      started_at_ms: 1_772_500_000_000 + number,
      name: 'sh',
      command: `sh ${number}`,
      cgroup_id: '1',
    }));
    expect(await postReport(collector.url, report({ processes }))).toMatchObject({ status: 200 });
  }
  await collector.stop();
  await withStore(directory.path, async (store) => {
    expect(
      await store.query(
        'SELECT count() AS names, toUInt64(min(toUnixTimestamp64Milli(started_at)) - 1772500000000) AS oldest FROM process FINAL',
      ),
    ).toEqual([{ names: 100_000, oldest: 3 }]);
  });
  await directory.remove();
});
