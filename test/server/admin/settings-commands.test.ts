// `tcplens admin settings` as a process, beside a collector with one agent whose channel is made by hand.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { HostSettings, SettingsAnswer } from '../../../server/api/settings.ts';
import { root } from '../../support/project-files.ts';
import { runUntilEnd } from '../../support/run-until-end.ts';
import { until } from '../support/collector.ts';
import { useControlled, valuesOf } from '../support/controlled.ts';
import { parsed } from './admin-command.ts';

const { fleet, data } = useControlled();
const settings = (...args: string[]) => runUntilEnd(join(root, 'tcplens'), ['admin', 'settings', ...args, '--data', data()], {});

test('settings are set, shown, unset and taken back', async () => {
  const { prod: [agent] = [] } = await fleet({ prod: 1 });
  expect((await settings()).stdout).toMatch(/^version 0; 1 agent has a control channel here\n\nagents do what their hosts say\n$/);
  const set = ['set', 'interval=5s', 'cpu-budget=1%', '--label', 'env=prod', '--watch', '0s', '--note', 'calm'];
  expect(await settings(...set, '--dry-run')).toMatchObject({ code: 0, stderr: '' });
  expect((await settings(...set, '--dry-run')).stdout).toMatch(/^version 1 changes one host: all at once\.\nNothing was changed\.\n$/);
  expect(await settings(...set)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^version 1 changes one host: all at once\.\n/) });
  await until(
    () => agent && valuesOf(agent),
    (values) => values?.['interval'] === '5s' && values?.['cpu-budget'] === '1%',
  );
  const told = await until(
    async () => parsed<SettingsAnswer>(await settings('--json')),
    ({ rollout }) => rollout?.having === 1,
  );
  expect(told.rules).toEqual([{ where: { labels: { env: 'prod' }, hosts: [] }, values: { interval: '5s', 'cpu-budget': '1%' } }]);
  expect((await settings()).stdout).toMatch(
    /version 1 is rolled out \(1 of 1 agents have it\)[\s\S]*^env=prod +interval +5s$[\s\S]*^ +1 .* owner +calm$/m,
  );
  await settings('unset', 'interval', '--label', 'env=prod', '--watch', '0s');
  await until(
    () => agent && valuesOf(agent),
    (values) => values?.['interval'] === undefined,
  );
  expect(await settings('rollback', '1')).toMatchObject({ code: 0, stdout: 'agents are told version 3\n' });
  const id = agent?.host.host_id ?? '';
  const host = await until(
    async () => parsed<HostSettings>(await settings('host', id, '--json')),
    ({ version }) => version === 3,
  );
  expect(host).toMatchObject({ wanted: 3, connected: true, agent_version: '0.1.0' });
  expect((await settings('host', id)).stdout).toMatch(
    /^agent 0\.1\.0 has version 3; its control channel is open here\n\nsetting +in force +said by +note\n/,
  );
});

test.each([
  { args: ['set', 'interval'], code: 2, says: /"interval" sets nothing: write it like interval=5s/ },
  { args: ['set', 'interval=5'], code: 1, says: /interval: "5" is not a duration/ },
  { args: ['set', 'sweep=5s'], code: 1, says: /know no setting "sweep"/ },
  { args: ['set', 'interval=5s', '--label', 'x'], code: 2, says: /Write it like env=prod/ },
  { args: ['set', 'interval=5s', '--share', '0%'], code: 2, says: /is not a share/ },
  { args: ['rollback', '99'], code: 1, says: /there is no version 99/ },
  { args: ['host', 'x'], code: 2, says: /16 hex digits/ },
])('$args is refused in words', async ({ args, code, says }) => {
  expect(await settings(...args)).toMatchObject({ code, stderr: expect.stringMatching(says) });
});
