// Names for the numbers in rows, beside what bpftool reads from the same kernel's BTF.
import { execFileSync } from 'node:child_process';
import process from 'node:process';
import { expect, test } from 'vitest';
import { PREBUILT } from '../../agent/kernel/ring-source.ts';
import { openLoader } from '../../agent/loader.ts';

type BtfType = { kind: string; name: string; values?: { name: string; val: number }[] };

const TABLES = [
  { kind: 'drop', enumeration: 'skb_drop_reason', prefix: 'SKB_DROP_REASON_' },
  { kind: 'reset', enumeration: 'sk_rst_reason', prefix: 'SK_RST_REASON_' },
] as const;

const isRoot = process.getuid?.() === 0;

test.for(TABLES)("the reasons of $kind rows have the running kernel's names", ({ kind, enumeration, prefix }, context) => {
  if (!isRoot) return context.skip('needs root: loads the programs');
  const dump = execFileSync('bpftool', ['-j', 'btf', 'dump', 'file', '/sys/kernel/btf/vmlinux'], {
    encoding: 'utf8',
    maxBuffer: 1024 ** 3,
  });
  const { types } = JSON.parse(dump) as { types: BtfType[] };
  const values = types.find((type) => type.kind === 'ENUM' && type.name === enumeration)?.values ?? [];
  // The mask that tells the reasons of modules apart is no reason.
  const reasons = values.filter(({ val }) => val >= 0 && val < 512);
  const expected = reasons.map(({ name, val }) => [name.replace(prefix, '').toLowerCase().slice(0, 32), val]);
  const loader = openLoader({ prebuilt: PREBUILT, host_id: 1n, ring_bytes: 4096, refuse: [] });
  const named = [...loader.names.reasons()[kind]];
  loader.close();
  expect(expected.length).toBeGreaterThan(0);
  expect(named).toEqual(expected);
});
