// Who may have a control channel, and what closes it.
import { expect, test } from 'vitest';
import { ADMIN_API } from '../../../server/api/admin.ts';
import { until } from '../support/collector.ts';
import { useControlled } from '../support/controlled.ts';
import type { Enrolled } from '../support/enrolled.ts';

const { connect, admin, answer, fleet } = useControlled();

test('a host has one channel, the newest; a revoked one has none, and cannot open another', async () => {
  const { prod: [agent] = [] } = await fleet({ prod: 1 });
  const host = agent?.host as Enrolled;
  const again = await connect(host);
  await until(
    () => agent?.closed(),
    (code) => code !== undefined,
  );
  expect((await answer()).channels).toBe(1);
  await admin(ADMIN_API.revoke.replace(':host_id', host.host_id), {});
  await until(
    () => again.closed(),
    (code) => code === 1008,
  );
  await expect(connect(host)).rejects.toThrow(/401/);
});

test.each([
  { it: 'no JSON', message: 'x', code: 1008 },
  { it: 'no message of an agent', message: '{"type":"settings"}', code: 1008 },
  {
    it: 'a value that is too long',
    message: JSON.stringify({ type: 'in_force', version: 1, in_force: [{ name: 'x', value: 'y'.repeat(2000), from: 'default' }] }),
    code: 1008,
  },
  { it: 'too large', message: `"${'x'.repeat(70_000)}"`, code: 1009 },
])('who says what is $it is closed', async ({ message, code }) => {
  const { prod: [agent] = [] } = await fleet({ prod: 1 });
  agent?.socket.send(message);
  expect(
    await until(
      () => agent?.closed(),
      (closed) => closed !== undefined,
    ),
  ).toBe(code);
});

test('who says too much is closed', async () => {
  const { prod: [agent] = [] } = await fleet({ prod: 1 });
  // So many that they are too many wherever the ten seconds begin anew among them.
  for (let index = 0; index < 300; index++) agent?.say({ type: 'rows', version: 1, seen: index, lost: 0, withheld: 0 });
  expect(
    await until(
      () => agent?.closed(),
      (closed) => closed !== undefined,
    ),
  ).toBe(1008);
});

test('without a credential there is no channel', async () => {
  await expect(connect({ host_id: '1'.repeat(16), secret: '', place: '', headers: {} })).rejects.toThrow(/401/);
});
