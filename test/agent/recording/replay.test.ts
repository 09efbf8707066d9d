// `tcplens replay` towards a collector: the names and the losses of the recording reach it, as a host of its own.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { afterEach, expect, test } from 'vitest';
import { encodeJson, SORT } from '../../../agent/recording/format.ts';
import { root } from '../../support/project-files.ts';
import { accountedOf, type Collector, openCollector } from '../collector.ts';
import { COUNTED, end, FRAMES, fileOf, header } from './made.ts';

let collector: Collector | undefined;
afterEach(() => collector?.close());

test('names and losses reach the collector', async () => {
  const names = {
    processes: [{ pid: 42, started_at_ms: 5, name: 'nginx', command: 'nginx -g x', cgroup_id: '5' }],
    cgroups: [{ cgroup_id: '5', path: '/system.slice/nginx.service', container_id: '', unit: 'nginx.service' }],
    netns: [{ netns: '6', inode: 4_026_531_840, name: 'blue' }],
  };
  const file = fileOf(
    header({ refused: [{ name: 'reset', reason: 'EPERM' }] }),
    ...FRAMES,
    encodeJson(SORT.names, 130, names),
    end(COUNTED),
  );
  collector = await openCollector();
  const agent = spawn(process.execPath, ['cli.ts', 'replay', file, '--speed', '0', '--collector', collector.url], {
    cwd: root,
    stdio: 'ignore',
  });
  expect(await once(agent, 'exit')).toEqual([0, null]);
  const [first] = collector.reports;
  expect(first).toMatchObject({ ...names, processes: [{ pid: 42, command: 'nginx -g x' }] });
  expect(first?.host).toMatchObject({ name: 'recording made', kernel: '6.0' });
  expect(first?.hooks).toContainEqual({ name: 'reset', attached: false, reason: 'EPERM' });
  // On a busy machine the end cuts a report off, and the next has the names once more; none has others.
  for (const { cgroups } of collector.reports) expect([names.cgroups, []]).toContainEqual(cgroups);
  expect(accountedOf(collector.reports, 'retransmit')).toEqual({ seen: 6, sent: 3, ring_lost: 2, withheld: 1 });
  expect(new Set(collector.accepted().map(({ headers }) => headers['tcplens-host-id']))).toEqual(new Set([first?.host_id]));
});
