// The agent's reports to a real collector.
import { expect, test } from 'vitest';
import { createLog } from '../../../agent/process/log.ts';
import { openSpool } from '../../../agent/spool/open.ts';
import { CollectorClient } from '../../../agent/uplink/client.ts';
import { Reporter } from '../../../agent/uplink/report.ts';
import { openRoute } from '../../../agent/uplink/route.ts';
import { startCollector, testDirectory, withStore } from '../../server/support/collector.ts';
import { fakeSource } from '../fake-source.ts';

const RUN = {
  epoch: '00000000000000e1',
  host_id: '0000000000000abc',
  host: { name: 'web', machine: 'm', kernel: 'k', agent_version: 'v' },
};
const MIB = 1024 * 1024;

test('a name that the collector refuses holds back neither the other names nor the account', async () => {
  const directory = await testDirectory();
  const collector = await startCollector(directory.path);
  const log = createLog('silent');
  const spool = await openSpool({ directory: undefined, caps: { bytes_max: MIB, age_ms_max: 1000 }, memory_bytes: MIB, run: RUN, log });
  let acknowledged = 0;
  const entities = {
    changes: () => ({
      processes: [],
      cgroups: [],
      netns: [
        { netns: '1', inode: 1, name: 'good' },
        { netns: '2', inode: 2, name: '\ud83d' },
      ],
    }),
    acknowledge: () => acknowledged++,
  };
  const warnings: string[] = [];
  const telling = { ...log, warn: (_: unknown, text: string) => warnings.push(text) } as unknown as typeof log;
  const reporter = new Reporter({
    client: new CollectorClient(openRoute([collector.url])),
    run: RUN,
    source: fakeSource(),
    entities,
    spool,
    interval_ms: () => 1000,
    log: telling,
  });
  spool.accounting.add(RUN.epoch, 'sample', 'seen', 7, Date.now());
  await reporter.send(new AbortController().signal);
  expect(acknowledged).toBe(1);
  expect(spool.accounting.untold(new Set([RUN.epoch]))).toEqual([]);
  expect(warnings).toEqual([expect.stringContaining('netns 1: name')]);
  await spool.close();
  await collector.stop();
  await withStore(directory.path, async (store) => {
    expect(await store.query('SELECT name FROM netns')).toEqual([{ name: 'good' }]);
    expect(await store.query('SELECT kind, outcome, rows FROM accounting')).toEqual([{ kind: 'sample', outcome: 'seen', rows: 7 }]);
  });
  await directory.remove();
});
