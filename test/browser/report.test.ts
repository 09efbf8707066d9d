// An investigation's report, opened as a file in a browser without a network: it is complete, even with hostile names.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Reported, reportHtml } from '../../agent/exports/report.ts';
import { sentences, summarize } from '../../agent/verdict/summary.ts';
import { judgeAll } from '../../agent/verdict/verdicts.ts';
import { Journey } from '../agent/verdict/path.ts';
import { randomOf } from '../investigations/judged.ts';
import { axeViolations, NO_BROWSER, type OpenBrowser, openBrowser } from '../support/browser.ts';

const PATH = { lost_out: 0.15, lost_back: 0.1, late: 0.02, twice: 0, refused: 0, forbidden: 0, has_ids: true, has_timestamps: true };
const HOSTILE = [
  '<script>document.title = "run"</script>',
  '<img src="https://example.test/x" onerror="document.title = 1">',
  'اسم\u202eabc',
  `long ${'x'.repeat(10_000)}`,
];
const state = { state: 'ended', reason: 'its time was over', matched: 120, passed: 100, over_budget: 20, other_end: '' };

const { evidence } = new Journey(PATH, randomOf(3), 3, 120);
const judged = judgeAll({
  ...evidence,
  retransmit: evidence.retransmit.map((row) => ({ ...row, comm: '</td><b>x' })),
});
const reported: Reported = {
  expression: 'process = "<i>" and port = 443',
  asked: [
    ['hosts', 'all'],
    ['asked by', HOSTILE[0] ?? ''],
    ['note', HOSTILE[1] ?? ''],
    ['began', '2026-01-02 03:04:05.678 UTC'],
  ],
  hosts: HOSTILE.map((host, at) => ({ host_id: (at + 1).toString(16).padStart(16, '0'), host, ...state })),
  judged,
  claims: [
    {
      about: 'reset',
      cause: 'not_known',
      network: '10.0.0.0/24',
      connections: 1,
      of_connections: 1,
      us: 0,
      of_us: 0,
      sentence: '<b>1</b> reset',
      missing: '',
      rests_on: [],
    },
  ],
  stacks: [
    { host_id: 1n, about: 'drop', what: 'lost <u>', functions: ['nft_do_chain', '<script>'], user_functions: ['send', '<b>'], rows: 3 },
  ],
  incomplete: ['90 of the 100 rows that hosts say they wrote are stored.'],
  cut: ['packet'],
  made_at_ms: Date.UTC(2026, 0, 2, 3, 4, 5),
  version: '0.0.0',
};

let browser: OpenBrowser;
let directory = '';
const requests: string[] = [];
beforeAll(async () => {
  if (NO_BROWSER !== '') return;
  directory = mkdtempSync(join(tmpdir(), 'tcplens-report-'));
  writeFileSync(join(directory, 'report.html'), reportHtml(reported));
  browser = await openBrowser();
  await browser.context.setOffline(true);
  browser.context.on('request', (request) => requests.push(request.url()));
});
afterAll(async () => {
  await browser?.close();
  rmSync(directory, { recursive: true, force: true });
});

const opened = (): Promise<Page> => browser.open(pathToFileURL(join(directory, 'report.html')).href);

test('all of it is there, as text, with no request to anywhere', async (context) => {
  if (NO_BROWSER !== '') return context.skip(NO_BROWSER);
  const page = await opened();
  const shown = String(await page.locator('body').textContent());
  const told = sentences(summarize(judged.verdicts, judged.ways));
  expect(told.length).toBeGreaterThan(2);
  for (const text of [...told, ...reported.incomplete, ...HOSTILE.slice(0, 2), 'process = "<i>" and port = 443', '</td><b>x'])
    expect(shown).toContain(text);
  expect(shown).toContain('اسم\\u202eabc');
  expect(await page.title()).toBe('Investigation of process = "<i>" and port = 443');
  expect(await page.locator('script, img, b, i, link, iframe').count()).toBe(0);
  expect(requests.filter((url) => !url.startsWith('file:'))).toEqual([]);
  // The bar has a part for each row of the table.
  const parts = await page.locator('svg rect').count();
  expect(parts).toBe(await page.locator('section[aria-labelledby=causes] tbody tr').count());
  // Even a name of ten thousand characters must not widen the page.
  expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  expect(browser.complaints).toEqual([]);
});

test.for(['light', 'dark'] as const)('%s: axe finds nothing, and it can be printed', async (colorScheme, context) => {
  if (NO_BROWSER !== '') return context.skip(NO_BROWSER);
  const page = await opened();
  await page.emulateMedia({ colorScheme });
  expect(await axeViolations(page)).toEqual([]);
  const pdf = await page.pdf({ preferCSSPageSize: true });
  // A4 in points.
  expect(pdf.toString('latin1')).toMatch(/\/MediaBox \[0 0 59[45][.\d]* 84[12][.\d]*\]/);
});
