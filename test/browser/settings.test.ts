// An admin changes settings on the page: the agent is told and confirms, and a click brings the version before back.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { CONTROL_PATH, type FromAgent, type ToAgent, type WantedSettings } from '../../agent/contract/control.ts';
import { KNOWN_SETTINGS } from '../../agent/contract/settings.ts';
import { axeViolations, EVENTUALLY_MS, NO_BROWSER, type OpenBrowser, openBrowser } from '../support/browser.ts';
import { CollectorProcess, TestAgent } from './collector-process.ts';

const HOST = 7n;
let collector: CollectorProcess;
let browser: OpenBrowser;
let page: Page;
let channel: WebSocket;
const told: WantedSettings[] = [];

describe('settings', () => {
  beforeEach(({ skip }) => skip(NO_BROWSER !== '', NO_BROWSER));
  beforeAll(async () => {
    if (NO_BROWSER) return;
    collector = new CollectorProcess();
    await collector.start();
    await new TestAgent(collector, HOST, 'web-1').report(0);
    await connect();
    browser = await openBrowser({ width: 1280, height: 900 });
    page = await browser.open(collector.link);
  });
  afterAll(async () => {
    channel?.terminate();
    await browser?.close();
    await collector?.remove();
  });

  /** Connects an agent that pins its log level and accepts all other settings. */
  async function connect(): Promise<void> {
    channel = new WebSocket(collector.url.replace(/^http/, 'ws') + CONTROL_PATH);
    const say = (message: FromAgent) => channel.send(JSON.stringify(message));
    channel.on('message', (data) => {
      const message = JSON.parse(String(data)) as ToAgent;
      if (message.type !== 'settings') return;
      const { version, values } = message;
      told.push(message);
      const interval = {
        name: 'interval',
        value: values['interval'] ?? '10s',
        from: values['interval'] ? 'collector' : 'default',
      } as const;
      const level = { name: 'log-level', value: 'info', from: 'command line' } as const;
      const pinned = values['log-level'] ? { ...level, wanted: values['log-level'], why: 'this host has pinned it' } : level;
      say({ type: 'in_force', version, in_force: [interval, pinned] });
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    channel.on('open', resolve).on('error', reject);
    await promise;
    const host_id = HOST.toString(16).padStart(16, '0');
    say({ type: 'hello', host_id, agent_version: '0.1.0', known: KNOWN_SETTINGS, version: 0, in_force: [] });
  }

  const eventually = <Value>(read: () => Promise<Value> | Value) => expect.poll(read, { timeout: EVENTUALLY_MS, interval: 100 });
  const section = () => page.locator('[data-section="settings"]');
  const rolledOut = () => section().locator('[data-rollout]').textContent();

  async function change(name: string, value: string): Promise<void> {
    await page.getByLabel('Setting', { exact: true }).selectOption(name);
    await page.getByLabel(`Value of ${name}`).fill(value);
    await page.getByRole('button', { name: 'Roll out' }).click();
  }

  test('a bad value is refused in the collector’s words, and no agent hears of it', async () => {
    await page.goto(`${collector.url}/?page=admin`);
    await change('interval', '5');
    await eventually(() => section().getByRole('alert').textContent()).toMatch(
      /interval: "5" is not a duration: write a number and one of/,
    );
    expect(told.every(({ values }) => values['interval'] === undefined)).toBe(true);
    browser.complaints.length = 0;
  });

  test('a change reaches the agent, and is on the page', async () => {
    await change('interval', '5s');
    await eventually(() => told.at(-1)?.values).toEqual({ interval: '5s' });
    await eventually(rolledOut).toMatch(/Version 1 goes to all.*1 of 1 agents have told/);
    await eventually(() => section().locator('tbody').textContent()).toMatch(/all hosts\s*interval\s*5s/);
    await page.screenshot({ path: join(tmpdir(), 'tcplens-settings.png'), fullPage: true });
    expect(await axeViolations(page)).toEqual([]);
  });

  test('it is taken back by two clicks', async () => {
    await section().getByRole('button', { name: 'Take back' }).click();
    await section()
      .getByRole('button', { name: /sure\?$/ })
      .click();
    await eventually(rolledOut).toMatch(/Version 1 was taken back, to none: owner has taken it back/);
    await eventually(() => told.at(-1)?.values).toEqual({});
  });

  test('the host’s page says what is in force, by whom, and what the host has pinned', async () => {
    await change('log-level', 'debug');
    await eventually(() => told.at(-1)?.values).toEqual({ 'log-level': 'debug' });
    await page.goto(`${collector.url}/?page=fleet&host=${HOST}`);
    const table = () => page.locator('[data-table="settings"] tbody').textContent();
    await eventually(table).toMatch(/interval\s*10s\s*default.*log-level\s*info\s*command line\s*not debug: this host has pinned it/s);
    expect(await axeViolations(page)).toEqual([]);
    expect(browser.complaints).toEqual([]);
  });
});
