// What the pages of a test's browsers show, and which of their requests failed, told when the test fails: a page is gone by then, and a CI's
// report has only words.
import type { Page } from 'playwright-core';
import { afterEach, beforeEach } from 'vitest';

const CHARS = 600;
const READ_MS = 5000;
const REQUESTS = 10;
/** Open pages, each with its failed requests. */
const open = new Map<Page, string[]>();
let last: string[] = [];

export function follow(page: Page): void {
  const failed: string[] = [];
  open.set(page, failed);
  page.on('requestfailed', (request) => failed.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on('response', (response) => {
    if (response.status() >= 400) failed.push(`${response.url()}: ${response.status()}`);
  });
  page.once('close', () => open.delete(page));
}

/** Keeps what the pages show. To be called before they are closed. */
export async function keepLast(pages: readonly Page[]): Promise<void> {
  for (const page of pages) last.push(await shownBy(page));
}

async function shownBy(page: Page): Promise<string> {
  const failed = open.get(page) ?? [];
  const read = page.locator('body').textContent({ timeout: READ_MS });
  const text = await read.catch((error: Error) => `not read: ${error.message}`);
  return [page.url(), text?.replaceAll(/\s+/g, ' ').slice(0, CHARS), ...failed.slice(-REQUESTS)].join('\n');
}

beforeEach(() => {
  last = [];
});
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  console.log(['when it failed, pages showed:', ...last, ...(await Promise.all([...open.keys()].map(shownBy)))].join('\n'));
});
