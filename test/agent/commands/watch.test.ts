// `tcplens watch` as people call it: a process of its own, over a recording, so it runs anywhere.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { KIND, KINDS } from '../../../bpf/rows/rows.gen.ts';
import { root } from '../../support/project-files.ts';
import { runCommand } from '../../support/run-command.ts';
import { RECORDED, writeRecording } from '../recorded.ts';
import { until } from '../until.ts';

const watch = (...args: string[]) =>
  runCommand(process.execPath, ['cli.ts', 'watch', '--replay', writeRecording(), '--speed', '0', ...args]);
const lines = (text: string) => text.trimEnd().split('\n');

test('NDJSON: the members of rows.h in their order, then the account', () => {
  const { code, stdout, stderr } = watch('--format', 'ndjson', '--host-id', '00000000000000ff');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const parsed = lines(stdout).map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(parsed.map(({ kind }) => kind)).toEqual([...RECORDED.map(([kind]) => kind), 'accounting']);
  for (const [index, [kind]] of RECORDED.entries()) {
    const names = KINDS[kind].columns.map(({ name }) => name).filter((name) => name !== 'pad');
    expect(Object.keys(parsed[index] ?? {})).toEqual(names);
  }
  expect(parsed[0]).toMatchObject({
    time_ns: expect.stringMatching(/^\d{19}$/),
    host_id: '255',
    connection_id: '9007199254740993',
    local_addr: '10.0.0.1',
    peer_port: 443,
    comm: 'a\u001b[31mb',
    class: 'rto',
    segments: 3,
    head_of_queue: false,
  });
  expect(parsed[3]).toMatchObject({ local_addr: '2001:db8::1', srtt_us: 1500, bytes_sent: 2048 });
  const counted = Object.fromEntries(KIND.map((kind) => [kind, { seen: 1, printed: 1, lost: 0, withheld: 0 }]));
  expect(parsed.at(-1)).toEqual({ kind: 'accounting', duration_ms: expect.any(Number), kinds: counted, loss: 0 });
});

test('only the kinds asked for', () => {
  const parsed = lines(watch('sample', 'state_change', '--format', 'ndjson').stdout).map(
    (line) => JSON.parse(line) as { kind: string; kinds?: object },
  );
  expect(parsed.map(({ kind }) => kind).sort()).toEqual(['accounting', 'sample', 'state_change']);
  expect(Object.keys(parsed.at(-1)?.kinds ?? {}).sort()).toEqual(['sample', 'state_change']);
});

test('text: a header, columns that stand under it, and no control character', () => {
  const { stdout } = watch('--format', 'text');
  const [header = '', first = '', second = ''] = lines(stdout);
  for (const [name, value] of [
    ['KIND', 'retransmit'],
    ['COMM', 'a\\u001b[31mb'],
    ['LOCAL', '10.0.0.1:50000'],
    ['PEER', '10.0.0.2:443'],
    ['WHAT', 'rto sent, 3 segments, 4.24 KiB'],
  ] as const) {
    expect(first.slice(header.indexOf(name)).startsWith(value), `${value} under ${name}`).toBe(true);
  }
  expect(second).toContain('open, client, connect 1.23 ms');
  expect(stdout).toContain('syn_sent → established');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is the control characters that must not be there
  expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
  expect(lines(stdout).at(-1)).toMatch(/^retransmit: 1 seen, 1 printed, 0 lost; connection: 1 seen.* s\)$/);
});

test('--limit ends it, with what was seen beyond in the account', () => {
  const { code, stdout } = runCommand(process.execPath, [
    'cli.ts',
    'watch',
    'retransmit',
    '--format',
    'ndjson',
    '--limit',
    '5',
    '--replay',
    writeRecording(100),
    '--loop',
    '--speed',
    '0',
  ]);
  expect(code).toBe(0);
  const parsed = lines(stdout).map(
    (line) => JSON.parse(line) as { kind: string; kinds?: { retransmit: { seen: number; printed: number } } },
  );
  expect(parsed).toHaveLength(6);
  expect(parsed.at(-1)?.kinds?.retransmit).toMatchObject({ printed: 5 });
});

test('--duration ends it', () => {
  const { code, stdout } = watch('retransmit', '--loop', '--speed', '1', '--format', 'ndjson', '--duration', '300ms');
  expect(code).toBe(0);
  expect(lines(stdout).at(-1)).toMatch(/^\{"kind":"accounting"/);
});

test.each([
  { args: ['packets'], error: /"packets" is no kind of row: choose from retransmit, / },
  { args: ['--duration', '5'], error: /--duration.*"5" is not a duration/ },
  { args: ['--format', 'xml'], error: /"xml" is none of text, ndjson/ },
])('wrong usage is exit 2 and says what is right: $args', ({ args, error }) => {
  const { code, stderr } = watch(...args);
  expect(code).toBe(2);
  expect(stderr).toMatch(error);
});

test('SIGINT ends it with the account', async () => {
  const child = spawn(process.execPath, ['cli.ts', 'watch', '--format', 'ndjson', '--replay', writeRecording(), '--loop', '--speed', '1'], {
    cwd: root,
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  await until('rows', () => text.includes('\n'));
  child.kill('SIGINT');
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
  expect(lines(text).at(-1)).toMatch(/^\{"kind":"accounting"/);
});

test('when the reader leaves, it ends, with the account on stderr', () => {
  const file = writeRecording(200);
  const pipe = `"${process.execPath}" "${join(root, 'cli.ts')}" watch --format ndjson --replay ${file} --loop --speed 0 --duration 30s | head -n 1 >/dev/null`;
  const { code, stderr } = runCommand('sh', ['-c', pipe]);
  expect(code).toBe(0);
  expect(lines(stderr).at(-1)).toMatch(/^\{"kind":"accounting"/);
});
