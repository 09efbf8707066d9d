// Debian's Alertmanager notifies a collector over TLS with a token, as the README says: what is started, and what is told to whoever reads its log.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ADMIN_API } from '../../../server/api/admin.ts';
import { ALERT_ANNOTATIONS } from '../../../server/api/alerts.ts';
import { INVESTIGATIONS_API } from '../../../server/api/investigations.ts';
import { freePort } from '../../support/free-port.ts';
import { waitFor } from '../../support/wait.ts';
import { useControlled } from '../support/controlled.ts';

const ALERTMANAGER = '/usr/bin/prometheus-alertmanager';
const DAY_MS = 86_400_000;
const { admin, url, data } = useControlled();
const list = async () => (await admin(INVESTIGATIONS_API.investigations)).body['investigations'] as Record<string, unknown>[];

let own = '';
let said = '';
let stop = async () => {};

/** Notifies at once, and again as often as it can. */
const config = (token_file: string) => `
route: { receiver: tcplens, group_by: ['...'], group_wait: 100ms, group_interval: 1s, repeat_interval: 1s }
receivers:
  - name: tcplens
    webhook_configs:
      - url: ${url()}${INVESTIGATIONS_API.alerts}
        send_resolved: false
        http_config:
          authorization: { credentials_file: ${token_file} }
          tls_config: { ca_file: ${join(data(), 'tls', 'ca.pem')} }
`;

beforeEach(async (context) => {
  if (!existsSync(ALERTMANAGER)) return context.skip(`${ALERTMANAGER} is not there: make test-tools installs it`);
  const { body } = await admin(ADMIN_API.tokens, { name: 'alertmanager', role: 'operator', for_ms: DAY_MS });
  const [token_file, config_file] = [join(data(), 'token'), join(data(), 'alertmanager.yml')];
  await writeFile(token_file, String(body['token']), { mode: 0o600 });
  await writeFile(config_file, config(token_file));
  const address = `127.0.0.1:${await freePort()}`;
  own = `http://${address}`;
  const options = ['--cluster.listen-address=', `--web.listen-address=${address}`, `--storage.path=${join(data(), 'alertmanager')}`];
  const child = spawn(ALERTMANAGER, [`--config.file=${config_file}`, ...options], { stdio: ['ignore', 'ignore', 'pipe'] });
  said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const exit = once(child, 'exit');
  stop = async () => {
    child.kill('SIGTERM');
    await exit;
  };
  await waitFor(
    'Alertmanager',
    () =>
      fetch(`${own}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    Boolean,
    50,
  );
});
afterEach(() => stop());

const fire = (alertname: string, annotations: Record<string, string>) =>
  fetch(`${own}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ labels: { alertname }, annotations, startsAt: new Date().toISOString() }]),
  });
/** Notifications that it has sent to the webhook, or could not. */
async function notifications(which: 'notifications_total' | 'notifications_failed_total'): Promise<number> {
  const text = await (await fetch(`${own}/metrics`)).text();
  return Number(new RegExp(`^alertmanager_${which}{integration="webhook"[^}]*} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
}

test('an alert that it tells again and again starts one investigation', async () => {
  expect((await fire('ManyRetransmits', { [ALERT_ANNOTATIONS.filter]: 'port = 443', [ALERT_ANNOTATIONS.for]: '1h' })).status).toBe(200);
  await waitFor(
    'notifications',
    () => notifications('notifications_total'),
    (count) => count >= 3,
    100,
  );
  expect(await list()).toMatchObject([
    { expression: 'port = 443', made_by: 'alertmanager', note: 'alert ManyRetransmits', state: 'running' },
  ]);
  expect(await notifications('notifications_failed_total')).toBe(0);
});

test('a rule that is wrong is a failed notification that says why', async () => {
  await fire('Wrong', { [ALERT_ANNOTATIONS.filter]: 'port =' });
  await waitFor(
    'a failed notification',
    () => notifications('notifications_failed_total'),
    (count) => count >= 1,
    100,
  );
  // It counts before it writes.
  await waitFor(
    'the reason in its log',
    () => said,
    (text) => /unexpected status code 422/.test(text),
    50,
  );
  expect(await list()).toEqual([]);
});
