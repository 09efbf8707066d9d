// `tcplens watch` as people call it, on a kernel that refuses a hook.
import process from 'node:process';
import { expect, test } from 'vitest';
import { runCommand } from '../support/run-command.ts';

const refusals = [
  { args: ['drop', '--refuse', 'kfree_skb'], code: 78, said: /no drop row can be seen: hook kfree_skb \(.+\) is not attached/ },
  { args: ['retransmit', '--refuse', 'tcp_retransmit_skb'], code: 1, said: /not all retransmit rows can be seen: hook tcp_retransmit_skb/ },
  { args: ['sample', '--refuse', 'sample,sample_netns'], code: 78, said: /no sample row can be seen: hook sample/ },
  { args: ['listener', '--refuse', 'sample,sample_netns'], code: 1, said: /not all listener rows can be seen: hook sample/ },
];

test.for(refusals)('watch $args: said first and last, exit code $code', ({ args, code, said }, context) => {
  if (process.getuid?.() !== 0) return context.skip('needs root: BPF');
  const ended = runCommand('./tcplens', ['watch', ...args, '--duration', '300ms']);
  const lines = ended.stderr.trimEnd().split('\n');
  expect(ended.code).toBe(code);
  expect(lines[0]).toMatch(said);
  expect(lines.at(-1)).toMatch(said);
});
