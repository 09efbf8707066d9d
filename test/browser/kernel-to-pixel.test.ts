// From a real retransmission in the kernel to its row on the page: p50 and p95 are printed, without a limit.

import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestDirectory, testDirectory } from '../server/support/collector.ts';
import { NO_BROWSER, openBrowser } from '../support/browser.ts';
import { lose, makePair } from '../support/netns.ts';
import { root } from '../support/project-files.ts';
import { waitFor } from '../support/wait.ts';
import { startUp } from './up-process.ts';

const TRAFFIC = join(root, 'test', 'support', 'traffic.ts');
const PORT = 7000;
const WATCHED_MS = 12_000;
/** With fewer rows the quantiles mean nothing. */
const ROWS_MIN = 20;
const isRoot = process.getuid?.() === 0;

let directory: TestDirectory;
beforeAll(async () => {
  directory = await testDirectory();
});
afterAll(async () => directory.remove());

/** Script for the page: notes when each row of the live table was added to the DOM. */
const NOTE_ARRIVALS = `
  window.arrivals = [];
  const note = (node) => {
    if (!(node instanceof Element)) return;
    for (const row of [node, ...node.querySelectorAll('[data-time-ns]')]) {
      const time = row.getAttribute('data-time-ns');
      if (time) window.arrivals.push([time, Date.now()]);
    }
  };
  new MutationObserver((changes) => {
    for (const change of changes) {
      change.addedNodes.forEach(note);
      if (change.type === 'attributes') note(change.target);
    }
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-time-ns'] });
`;

const quantile = (sorted: readonly number[], level: number) => sorted[Math.min(sorted.length - 1, Math.floor(level * sorted.length))];

/** Opens short connections over a lossy path while the test watches: tail probes, timeouts, fast retransmits. */
async function causeRetransmissions(watched: () => Promise<unknown>): Promise<void> {
  const pair = makePair();
  try {
    const host = pair.server.address.ipv4;
    lose(pair.server, 'ipv4', 0.08);
    const serving = pair.server.start(process.execPath, TRAFFIC, 'serve', host, String(PORT));
    if (serving.stdout) await once(serving.stdout, 'data');
    const client = pair.client.start(process.execPath, TRAFFIC, 'client', host, ...[PORT, 1_000_000, 3_000, 4_000].map(String));
    await watched();
    client.kill();
    serving.kill();
  } finally {
    pair.close();
  }
}

test('retransmissions of the kernel appear in the page', async (context) => {
  if (!isRoot) return context.skip('needs root: network namespaces and BPF');
  if (NO_BROWSER !== '') return context.skip(NO_BROWSER);
  const up = await startUp(directory.path);
  const browser = await openBrowser();
  try {
    await browser.context.addInitScript(NOTE_ARRIVALS);
    const page = await browser.open(`${up.url}/`);
    await sleep(2_000);
    const began_ms = Date.now();
    const late = async () => {
      const arrivals = (await page.evaluate('window.arrivals')) as [string, number][];
      const firsts = new Map<string, number>();
      for (const [time_ns, at_ms] of arrivals) if (!firsts.has(time_ns)) firsts.set(time_ns, at_ms);
      return [...firsts]
        .map(([time_ns, at_ms]) => [Number(BigInt(time_ns) / 1_000_000n), at_ms] as const)
        .filter(([kernel_ms]) => kernel_ms >= began_ms)
        .map(([kernel_ms, at_ms]) => at_ms - kernel_ms)
        .sort((a, b) => a - b);
    };
    await causeRetransmissions(async () => {
      await sleep(WATCHED_MS);
      await waitFor('rows in the page', late, ({ length }) => length > ROWS_MIN, 500);
    });
    const late_ms = await late();
    console.log(`kernel to pixel: ${late_ms.length} retransmissions, p50 ${quantile(late_ms, 0.5)} ms, p95 ${quantile(late_ms, 0.95)} ms`);
    expect(late_ms.length).toBeGreaterThan(ROWS_MIN);
    expect(browser.complaints).toEqual([]);
  } finally {
    await browser.close();
    expect(await up.stop()).toEqual([0, null]);
  }
});
