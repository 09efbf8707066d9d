// The first ten minutes with a fleet, all of it real: the first admin's link, a user, an enrolment, an agent that joins with it over TLS,
// its appearance on the page Fleet, and its removal. The durations are printed, without a limit.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, expect, test } from 'vitest';
import { axeViolations, EVENTUALLY_MS, NO_BROWSER, openBrowser, ownComplaints } from '../support/browser.ts';
import { root } from '../support/project-files.ts';
import { CollectorProcess } from './collector-process.ts';

const PASSWORD = 'correct horse battery';
const SCREENSHOTS = join(tmpdir(), 'tcplens-walk');
const isRoot = process.getuid?.() === 0;
const eventually = <Value>(read: () => Promise<Value> | Value) => expect.poll(read, { timeout: EVENTUALLY_MS, interval: 20 });

const collector = new CollectorProcess('--listen', '0.0.0.0:0');
const state = mkdtempSync(join(tmpdir(), 'tcplens-walk-state-'));
let agent: ChildProcess | undefined;
afterAll(async () => {
  if (agent && agent.exitCode === null && agent.signalCode === null) {
    const exit = once(agent, 'exit');
    agent.kill('SIGKILL');
    await exit;
  }
  await collector.remove();
  rmSync(state, { recursive: true, force: true });
});

/** Runs the line in a shell, in the folder of tcplens, as somebody who pastes it. */
function paste(line: string): { said: () => string } {
  let said = '';
  const own = `--state-dir '${state}' --spool '${join(state, 'spool')}' --metrics none --interval 1s`;
  agent = spawn('sh', ['-c', `exec ./${line} ${own}`], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
  agent.stderr?.on('data', (bytes) => {
    said += bytes;
  });
  return { said: () => said };
}

test('first link, log-in, enrolment, an agent that appears, its revocation, sign-out', async (context) => {
  if (!isRoot) return context.skip('needs root: BPF');
  if (NO_BROWSER !== '') return context.skip(NO_BROWSER);
  mkdirSync(SCREENSHOTS, { recursive: true });
  await collector.start();
  const browser = await openBrowser({ width: 1280, height: 900 }, true);
  try {
    const page = await browser.open(collector.link);
    const shot = (name: string) => page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
    const who = () => page.locator('[data-who]').textContent();
    const secret = page.locator('[data-section="enrolments"] [data-secret]');
    await eventually(who).toBe('owner admin');
    await page.getByRole('link', { name: 'Admin' }).click();
    await page.getByLabel('Name of the new user').fill('ada');
    await page.getByLabel('Password of the new user').fill(PASSWORD);
    await page.getByLabel('Role of the new user').selectOption('admin');
    await page.getByRole('button', { name: 'Add user' }).click();
    await eventually(() => page.locator('[data-section="users"] tbody').textContent()).toContain('ada');

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Name', { exact: true }).fill('ada');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Log in' }).click();
    await eventually(who).toBe('ada admin');

    await page.getByLabel('Labels of hosts that join').fill('env=prod');
    await page.getByRole('button', { name: 'Make line' }).click();
    await eventually(() => secret.textContent()).toMatch(/^tcplens agent --join 'https:\/\/\S+#[0-9a-f]{16}\.[0-9a-f]{64}\.[0-9a-f]{64}'$/);
    await shot('line');
    const line = (await secret.textContent()) ?? '';
    await page.getByRole('link', { name: 'Fleet' }).click();
    await eventually(() => page.locator('main').textContent()).toMatch(/host/i);

    const began = performance.now();
    const after = () => `${Math.round(performance.now() - began)} ms`;
    const { said } = paste(line);
    const row = page.locator('[data-table="fleet"] tr[data-host]');
    await eventually(() => row.allTextContents()).toEqual([expect.stringContaining(hostname())]);
    const appeared = after();
    await eventually(said).toContain('"watching"');
    await eventually(() => row.locator('td').last().textContent()).not.toMatch(/has not reported yet/);
    console.log(`pasted, and on the Fleet page after ${appeared}; it had reported after ${after()}`);
    expect(await row.textContent()).toMatch(/env=prod/);
    await shot('fleet');

    await row.getByRole('link', { name: hostname() }).click();
    await page.getByRole('button', { name: 'Revoke…' }).click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Revoke / })
      .click();
    await eventually(() => page.locator('[data-host-state]').getAttribute('data-host-state')).toBe('revoked');
    await eventually(said).toContain('credential was revoked');
    expect((await axeViolations(page)).join('\n')).toBe('');
    await shot('revoked');

    await page.getByRole('button', { name: 'Sign out' }).click();
    await eventually(() => page.locator('h1').first().textContent()).toBe('Log in to tcplens');
    await shot('out');
    expect(ownComplaints(browser.complaints)).toBe('');
  } finally {
    await browser.close();
  }
});
