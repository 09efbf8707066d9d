// Files of the embedded engine are damaged while no collector runs: the next one names what is missing in its log and in its health, at that
// start and at those after it, and takes rows.
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Health } from '../../../server/api/health.ts';
import type { Collector } from '../../../server/collector.ts';
import { nowNs, postBatch, rowsOf } from '../support/agent.ts';
import { newCollector, startCollector, type TestDirectory, testDirectory, withStore } from '../support/collector.ts';
import { DAMAGES, ROWS } from '../support/damages.ts';

let directory: TestDirectory;
let whole: string;

beforeAll(async () => {
  directory = await testDirectory();
  whole = join(directory.path, 'whole');
  const { url, stop } = await startCollector(whole);
  // Old enough for its minutes to be made, and of this day as most of the time.
  const time_ns = nowNs() - 1_200_000_000_000n;
  for (const kind of ['retransmit', 'sample'] as const)
    await postBatch(
      url,
      kind,
      1,
      rowsOf(kind, ROWS, () => ({ time_ns })),
    );
  await stop();
  await withStore(whole, (store) => store.upkeep.makeMinutes(Date.now()));
});
afterAll(() => directory.remove());

type Seen = { said: string[]; health: Health; acknowledged: number };

/** A start on `data`: what is logged until it is ready, and what its health says then. */
async function start(data: string): Promise<Seen> {
  const said: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void said.push(JSON.parse(line).msg) });
  const collector: Collector = newCollector(data, {}, '/nonexistent', logger);
  try {
    const url = await collector.start();
    await collector.fill();
    const health = (await (await fetch(`${url}/api/v1/health`)).json()) as Health;
    const { status } = await postBatch(url, 'sample', 9, rowsOf('sample', 1));
    return { said, health, acknowledged: status };
  } finally {
    await collector.stop(60_000);
  }
}
const damageIn = ({ health }: Seen) => health.findings.filter(({ code }) => code === 'store_damaged');

test('where nothing is damaged nothing is said of it', async () => {
  expect(damageIn(await start(whole))).toEqual([]);
});

test.each(DAMAGES.filter(({ fatal, hidden }) => !fatal && !hidden))('$name', async ({ name, inflict, says }) => {
  const data = join(directory.path, name);
  await cp(whole, data, { recursive: true, verbatimSymlinks: true });
  await inflict(join(data, 'engine'));
  for (const at of ['the first start', 'the second start']) {
    const seen = await start(data);
    expect(damageIn(seen), at).toEqual([
      expect.objectContaining({ severity: 'critical', sentence: expect.stringMatching(says), advice: expect.stringContaining('restore') }),
    ]);
    expect(seen.said.findIndex((line) => says.test(line))).toBeGreaterThanOrEqual(0);
    expect(seen.said.findIndex((line) => says.test(line))).toBeLessThan(seen.said.indexOf('ready'));
    expect(seen.acknowledged).toBe(200);
  }
});

test.each(DAMAGES.filter(({ fatal }) => fatal))('$name: no start, and the reason says what to do', async ({ name, inflict, says }) => {
  const data = join(directory.path, name);
  await cp(whole, data, { recursive: true, verbatimSymlinks: true });
  await inflict(join(data, 'engine'));
  await expect(start(data)).rejects.toMatchObject({ code: 'store_unavailable', message: expect.stringMatching(says) });
});
