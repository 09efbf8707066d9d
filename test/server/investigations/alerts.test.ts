// Alerts that start investigations: what their rules' annotations mean, what is refused, and that a notification that comes again starts nothing.
import { expect, test } from 'vitest';
import { ADMIN_API } from '../../../server/api/admin.ts';
import { ALERT_ANNOTATIONS, type Alert } from '../../../server/api/alerts.ts';
import { INVESTIGATIONS_API } from '../../../server/api/investigations.ts';
import { LIMITS } from '../../../server/limits.ts';
import { until } from '../support/collector.ts';
import { useControlled } from '../support/controlled.ts';
import { ask } from '../support/enrolled.ts';

const { admin, fleet, url } = useControlled();
const list = async () => (await admin(INVESTIGATIONS_API.investigations)).body['investigations'] as Record<string, unknown>[];
const { filter, hosts, detail, user_stacks, for: lasting, rows_per_s } = ALERT_ANNOTATIONS;
let made = 0;
const alert = (annotations: Record<string, string>, of: Partial<Alert> = {}): Alert => ({
  status: 'firing',
  labels: { alertname: 'ManyRetransmits', severity: 'page' },
  annotations,
  startsAt: '2026-11-30T01:02:03.004Z',
  fingerprint: `f${++made}`,
  ...of,
});
/** As Alertmanager sends them, with members that nobody reads. */
const notify = (alerts: object[]) =>
  admin(INVESTIGATIONS_API.alerts, { version: '4', groupKey: '{}:{}', truncatedAlerts: 0, status: 'firing', receiver: 'x', alerts });

test('a firing alert starts what its annotations say, once; what it leaves out is as usual', async () => {
  const { prod = [] } = await fleet({ prod: 1 });
  const bare = alert({ [filter]: 'port = 443' });
  const full = alert({
    [filter]: ' peer in 10.0.0.0/8 ',
    [hosts]: 'label.env = prod',
    [detail]: 'rows',
    [lasting]: '90s',
    [rows_per_s]: '7',
  });
  const generator = { ...full, generatorURL: 'http://prometheus/graph', endsAt: '0001-01-01T00:00:00Z' };
  const { status, body } = await notify([bare, generator, alert({}), alert({ [filter]: 'port = 1' }, { status: 'resolved' })]);
  expect({ status, body }).toMatchObject({ status: 200, body: { known: [], left_alone: 2 } });
  expect(body['started']).toMatchObject([{ alert: 'ManyRetransmits' }, { alert: 'ManyRetransmits' }]);
  const [second, first] = (await list()).toSorted((one) => (one['expression'] === 'port = 443' ? 1 : -1));
  expect(first).toMatchObject({
    expression: 'port = 443',
    hosts: '',
    detail: 'packets',
    rows_per_s: 5000,
    made_by: 'owner',
    state: 'running',
  });
  expect(Number(first?.['ends_ms']) - Number(first?.['begins_ms'])).toBe(300_000);
  expect(second).toMatchObject({ expression: 'peer in 10.0.0.0/8', hosts: 'label.env = prod', detail: 'rows', rows_per_s: 7 });
  expect(Number(second?.['ends_ms']) - Number(second?.['begins_ms'])).toBe(90_000);
  expect(second?.['note']).toBe('alert ManyRetransmits');
  // Agents hear of it.
  await until(
    () => prod[0]?.wanted.at(-1),
    (wanted) => wanted?.length === 2,
  );
  // Alertmanager says it again every few hours, and when the group changes.
  expect((await notify([bare, full])).body).toMatchObject({ started: [], known: [{}, {}] });
  const stopped = String(first?.['id']);
  await admin(INVESTIGATIONS_API.stop.replace(':id', stopped), {});
  expect((await notify([bare])).body).toMatchObject({ started: [], known: [{ id: stopped }] });
  expect(await list()).toHaveLength(2);
  // It was good for a while.
  expect((await notify([{ ...bare, startsAt: '2026-12-01T00:00:00Z' }])).body).toMatchObject({ started: [{}] });
});

test.each<[string, Record<string, string>, RegExp]>([
  ['a filter that is none', { [filter]: 'port =' }, /alert ManyRetransmits: .*column 7/],
  ['a filter of single rows', { [filter]: 'kind = drop and port = 1' }, /kind is of single rows/],
  ['an empty filter', { [filter]: ' ' }, /tcplens_filter/],
  ['hosts that are none', { [filter]: 'port = 1', [hosts]: 'port = 2' }, /nothing of hosts/],
  ['a detail that is none', { [filter]: 'port = 1', [detail]: 'all' }, /tcplens_detail is one of rows, stacks, progress, packets/],
  ['a duration without a unit', { [filter]: 'port = 1', [lasting]: '300' }, /"300" is not a duration/],
  ['too long', { [filter]: 'port = 1', [lasting]: '3d' }, /tcplens_for/],
  ['stacks of processes where there are none', { [filter]: 'port = 1', [detail]: 'rows', [user_stacks]: 'true' }, /stacks/],
  ['neither true nor false', { [filter]: 'port = 1', [user_stacks]: 'yes' }, /tcplens_user_stacks/],
  ['rows that are no number', { [filter]: 'port = 1', [rows_per_s]: 'many' }, /tcplens_rows_per_s/],
])('%s is refused with what is wrong, and the others start', async (_what, annotations, message) => {
  const { status, body } = await notify([alert(annotations), alert({ [filter]: 'port = 443' })]);
  expect({ status, body }).toMatchObject({ status: 422, body: { code: 'alerts_refused', message: expect.stringMatching(message) } });
  expect(await list()).toMatchObject([{ expression: 'port = 443' }]);
});

test('what is no notification is refused; so is more than may run at once', async () => {
  expect(await admin(INVESTIGATIONS_API.alerts, {})).toMatchObject({ status: 400, body: { code: 'request_invalid' } });
  expect(await admin(INVESTIGATIONS_API.alerts, { alerts: [{ status: 'firing' }] })).toMatchObject({ status: 400 });
  const many = Array.from({ length: LIMITS.investigations_running.number + 2 }, (_none, at) => alert({ [filter]: `port = ${at + 1}` }));
  const { status, body } = await notify(many);
  expect({ status, body }).toMatchObject({
    status: 422,
    body: { message: expect.stringMatching(/stop one first.*; alert .*stop one first/) },
  });
  expect(await list()).toHaveLength(LIMITS.investigations_running.number);
});

test('a name that is too long is cut, the audit knows the alert, and a viewer may not', async () => {
  const long = alert({ [filter]: 'port = 443' }, { labels: { alertname: `${'x'.repeat(149)}😀${'y'.repeat(1000)}` } });
  expect((await notify([long])).status).toBe(200);
  expect(await list()).toMatchObject([{ note: `alert ${'x'.repeat(149)}` }]);
  const audited = await until(
    async () => (await admin(`${ADMIN_API.audit}?limit=10`)).text,
    (text) => text.includes('by an alert'),
  );
  expect(audited).toContain('investigation_start');
  expect(await ask(url() + INVESTIGATIONS_API.alerts, { body: { alerts: [long] } })).toMatchObject({ status: 401 });
});
