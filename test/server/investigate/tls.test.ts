// `tcplens investigate --collector` over TLS: the collector's own CA is trusted where --ca names it, and nobody else's is.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { investigationIn } from '../../../agent/recording/investigation.ts';
import { Recording } from '../../../agent/recording/read.ts';
import type { OneInvestigation, Verdict } from '../../../server/api/investigations.ts';
import { makeAuthority } from '../../../server/door/tls/certificates.ts';
import { root } from '../../support/project-files.ts';
import { until } from '../support/collector.ts';
import { useControlled } from '../support/controlled.ts';
import { running } from '../support/investigating.ts';

const { lineOf, join: joined, connect, url, data } = useControlled();

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tcplens-ca-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

async function investigate(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const asked = ['investigate', 'port = 443', '--collector', url(), '--token-file', join(data(), 'token'), '--for', '5s', '--json'];
  const child = spawn(process.execPath, ['cli.ts', ...asked, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

test('with its CA: asked, answered, and the recording comes', async () => {
  expect(url()).toMatch(/^https:/);
  const agent = await connect(await joined(await lineOf('prod'), 'one'));
  const file = join(directory, 'one.tcplens');
  const asked = investigate('--ca', join(data(), 'tls', 'ca.pem'), '--recording', file);
  const told_agent = await until(
    // It may be told of its end before anybody looks.
    () => agent.wanted.findLast((list) => list.length > 0) ?? [],
    (list) => list.length > 0,
  );
  const id = told_agent[0]?.id ?? '';
  agent.say({ type: 'investigations', states: [{ ...running(id), state: 'ended', reason: 'time' }] });
  const { code, stdout, stderr } = await asked;
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  const told = JSON.parse(stdout) as { investigation: OneInvestigation; verdict: Verdict };
  expect(told).toMatchObject({ investigation: { id, counts: { ended: 1 } }, verdict: { segments: 0 } });
  const recording = new Recording(file);
  expect(investigationIn(recording)).toMatchObject({ by: 'collector', told: { investigation: { id } } });
  recording.close();
});

test('without it, or with another: nothing is sent, and the message names the option', async () => {
  const other = join(directory, 'other.pem');
  writeFileSync(other, (await makeAuthority('other', Date.now())).certificate);
  for (const args of [[], ['--ca', other]]) {
    const { code, stdout, stderr } = await investigate(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/does not answer: .*--ca names the certificate of its CA/);
  }
  const { code, stderr } = await investigate('--ca', join(directory, 'nowhere.pem'));
  expect(code).toBe(1);
  expect(stderr).toMatch(/cannot read the CA’s certificate in .*nowhere\.pem .*name a file that you may read/);
});
