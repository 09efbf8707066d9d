// A real browser on a page of the collector, and everything that it complained about.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, type ConsoleMessage, chromium, type Page } from 'playwright-core';
import { follow, keepLast } from './pages-shown.ts';

/**
 * How long a test waits for something on a page: a busy machine takes its time, and a test that waits in vain must leave time for the
 * others.
 */
export const EVENTUALLY_MS = 100_000;

export const CHROMIUM = '/usr/bin/chromium';
/** Why browser tests cannot run here; empty where they can. */
export const NO_BROWSER = existsSync(CHROMIUM) ? '' : `${CHROMIUM} is missing: apt-get install chromium`;

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export type OpenBrowser = {
  context: BrowserContext;
  /** A page at `url`; what it prints as an error, throws, or is refused by its own policy goes to `complaints`. */
  open(url: string): Promise<Page>;
  complaints: string[];
  close(): Promise<void>;
};

/**
 * Not the setting `ignoreHTTPSErrors`: with it the browser lets each connection fail and begins again, and on a busy machine it sometimes
 * gives a request up after too many such retries.
 */
const ANY_CERTIFICATE = '--ignore-certificate-errors';

/** Starts Chromium with a profile of its own, which `close` removes. */
export async function openBrowser(size = { width: 1440, height: 900 }, isSelfSigned = false): Promise<OpenBrowser> {
  const profile = mkdtempSync(join(tmpdir(), 'tcplens-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    args: isSelfSigned ? [...FLAGS, ANY_CERTIFICATE] : FLAGS,
    viewport: size,
    timezoneId: 'UTC',
  });
  context.setDefaultTimeout(EVENTUALLY_MS);
  const complaints: string[] = [];
  // Runs before the page's own scripts, and is not subject to its policy.
  await context.addInitScript(`addEventListener('securitypolicyviolation', (event) =>
    console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample))`);
  const open = async (url: string) => {
    const page = await context.newPage();
    page.on('console', (message) => complaints.push(...complaintOf(message)));
    page.on('pageerror', (error) => complaints.push(`thrown: ${error.stack ?? error.message}`));
    follow(page);
    await page.goto(url);
    return page;
  };
  const close = async () => {
    await keepLast(context.pages());
    await context.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  return { context, open, complaints, close };
}

/**
 * The page's own complaints, for a collector that was away or a session that had ended: the browser itself prints each request that failed,
 * and that is left out.
 */
export function ownComplaints(complaints: readonly string[]): string {
  return complaints.filter((complaint) => !/Failed to load resource|WebSocket connection/.test(complaint)).join('\n');
}

function complaintOf(message: ConsoleMessage): string[] {
  return message.type() === 'error' || message.type() === 'warning'
    ? [`${message.type()}: ${message.text()} (${message.location().url})`]
    : [];
}

type AxeResults = { violations: { id: string; help: string; nodes: { html: string; failureSummary?: string }[] }[] };

/** What axe-core finds wrong with the page as it is, one line an element. */
export async function axeViolations(page: Page): Promise<string[]> {
  // Evaluated through the debugger: a script tag would be refused by the page's policy, and rightly.
  const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
  await page.evaluate(readFileSync(axe, 'utf8'));
  const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}\n${html}\n${failureSummary ?? ''}`),
  );
}
