// Accounts that name kinds and outcomes which this collector does not know: it stores what it knows, and names the rest.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { postReport, report } from './support/agent.ts';
import { startCollector, type TestCollector, type TestDirectory, testDirectory } from './support/collector.ts';

let directory: TestDirectory;
let collector: TestCollector;
beforeAll(async () => {
  directory = await testDirectory();
  collector = await startCollector(directory.path);
});
afterAll(async () => {
  await collector.stop();
  await directory.remove();
});

const seen = { epoch: report().epoch, minute_ms: Math.floor(Date.now() / 60_000) * 60_000, kind: 'retransmit', outcome: 'seen', rows: 7 };
/** As many as one report may have, with one that is known. */
const madeUp = [seen, ...Array.from({ length: 99_999 }, (_, index) => ({ ...seen, kind: `kind_${index}` }))];

test.each<[string, unknown[], string]>([
  ['a kind', [seen, { ...seen, kind: 'tunnel' }], 'accounting 1: kind'],
  ['a loss', [seen, { ...seen, outcome: 'eaten' }], 'accounting 1: outcome'],
  ['a name of every object', [seen, { ...seen, kind: 'constructor' }], 'accounting 1: kind'],
  ['a hundred thousand kinds', madeUp, '99999 parts of the report are not stored'],
])('/v1/report stores what it knows of an account and names what it does not: %s', async (name, accounting, words) => {
  const host_id = `feed${Buffer.from(name).toString('hex').slice(0, 12)}`;
  const answer = await postReport(collector.url, { ...report(), host_id, accounting });
  expect(answer).toMatchObject({ status: 422, body: { code: 'report_partly_refused', message: expect.stringContaining(words) } });
  const { hosts } = (await (await fetch(`${collector.url}/api/v1/accounting`)).json()) as {
    hosts: { host_id: string; kinds: Record<string, Record<string, number>> }[];
  };
  const told = hosts.find((host) => host.host_id === String(BigInt(`0x${host_id}`)));
  expect(JSON.stringify(told)).toContain('"seen":7');
  expect(JSON.stringify(told)).not.toMatch(/kind_|tunnel|constructor|eaten/);
});
