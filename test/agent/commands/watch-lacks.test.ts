// A kind that cannot be seen is no kind of which nothing happened.
import { afterEach, expect, test, vi } from 'vitest';
import { watchSource } from '../../../agent/commands/watch.ts';
import type { Hook, RowSource } from '../../../agent/source/row-source.ts';
import { KIND, type Kind } from '../../../bpf/rows/rows.gen.ts';
import { fakeSource } from '../fake-source.ts';

const ALL = ['tcp_retransmit_skb', 'tcp_retransmit_synack', 'inet_sock_set_state', 'tcp_destroy_sock', 'inet_sk_error_report'];
const MORE = ['sample', 'tcp_send_reset', 'tcp_receive_reset', 'tcp_cong_state_set', 'kfree_skb'];
/** As bpf/*.bpf.c have them: without these there is no row of the kind. */
const NEEDED: Record<Kind, string[]> = {
  retransmit: ['tcp_retransmit_skb', 'tcp_retransmit_synack'],
  connection: ['inet_sock_set_state', 'tcp_destroy_sock', 'inet_sk_error_report'],
  state_change: ['inet_sock_set_state'],
  sample: ['sample'],
  reset: ['tcp_send_reset', 'tcp_receive_reset'],
  congestion: ['tcp_cong_state_set'],
  drop: ['kfree_skb'],
  listener: ['sample'],
  namespace: ['sample'],
};

function hooksWithout(...refused: string[]): Hook[] {
  const reason = 'open: No such file or directory';
  return [...ALL, ...MORE].map((name) => ({ name, attached: !refused.includes(name), reason: refused.includes(name) ? reason : '' }));
}

afterEach(() => vi.restoreAllMocks());

type Ended = { stderr: string; stdout: string; error: unknown };

/** Ends after `sweeps` sweeps, unless it ends before. */
async function watched(kinds: Kind[], source: RowSource, sweeps = 2): Promise<Ended> {
  const said = { stderr: '', stdout: '' };
  for (const name of ['stderr', 'stdout'] as const)
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      said[name] += text;
      return true;
    });
  let left = sweeps;
  const counted: RowSource = { ...source, sweep: () => void left--, ended: () => left <= 0 };
  const config = { format: 'text', interval: 1, filter: undefined, filterBudget: { rows_per_s: 0, burst: 0 }, ownNetns: false };
  const error = await watchSource(counted, new Set(kinds), config as unknown as Parameters<typeof watchSource>[2]).catch(
    (caught: unknown) => caught,
  );
  return { ...said, error };
}

test.each(KIND)('%s without its hooks: said, with the reason, and not "0 seen"', async (kind) => {
  const { error, stdout, stderr } = await watched([kind], { ...fakeSource(), hooks: () => hooksWithout(...NEEDED[kind]) });
  expect(stderr).toMatch(new RegExp(`^tcplens: no ${kind} row can be seen: hook .*No such file or directory`));
  expect(error).toMatchObject({ exitCode: 78, message: expect.stringContaining(`no ${kind} row can be seen`) });
  expect(stdout).not.toContain('seen');
});

test.each(KIND)('%s without one of its hooks, beside what can be seen: said first and last, exit code 1', async (kind) => {
  const other = kind === 'drop' ? 'reset' : 'drop';
  const [refused = ''] = NEEDED[kind];
  const { error, stdout, stderr } = await watched([kind, other], { ...fakeSource(), hooks: () => hooksWithout(refused) });
  expect(stderr).toMatch(new RegExp(`^tcplens: (no|not all) ${kind} rows? can be seen: hook ${refused} `));
  expect(error).toMatchObject({ exitCode: 1, message: expect.stringContaining(refused) });
  expect(stdout).toContain(`${other}: 0 seen`);
});

test.each(KIND)('%s whose hook goes away while it is watched', async (kind) => {
  let attached = true;
  const source = { ...fakeSource(), hooks: () => (attached ? hooksWithout() : hooksWithout(...NEEDED[kind])) };
  const drain = () => {
    attached = false;
    return 0;
  };
  // It ends by itself: nothing more can come.
  const { error, stdout } = await watched([kind], { ...source, drain }, Number.POSITIVE_INFINITY);
  expect(error).toMatchObject({ exitCode: 78, message: expect.stringContaining(`no ${kind} row can be seen`) });
  expect(stdout).toContain(`${kind}: 0 seen`);
});

test('no network namespace may be entered: samples are not "0 seen"', async () => {
  const netns_refused = () => [{ inode: 1, name: '', reason: 'EPERM' }];
  const { error } = await watched(['sample', 'drop'], { ...fakeSource(), hooks: () => hooksWithout(), netns_refused });
  expect(error).toMatchObject({ exitCode: 1, message: expect.stringMatching(/^no sample row can be seen: .*EPERM/) });
});

test('with all hooks there is nothing to say', async () => {
  const { error, stderr } = await watched([...KIND], { ...fakeSource(), hooks: () => hooksWithout() });
  expect({ error, stderr }).toEqual({ error: undefined, stderr: '' });
});
