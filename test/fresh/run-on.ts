// `make run` from a fresh clone on a bare Debian, as root and as an ordinary user, and once more without a network.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Edges } from '../../server/api.ts';
import { root } from '../support/project-files.ts';
import { runCommand } from '../support/run-command.ts';
import { ASKING } from './ask.ts';
import { ADMIN, BareDebian, USER, whyNoSystem } from './bare-debian.ts';
import { TcplensRun } from './tcplens-run.ts';

/** Others on this machine may have the usual ports. */
const ANY_PORTS = "ARGS='--listen 127.0.0.1:0 --metrics 127.0.0.1:0'";
/** What the recording has and this machine has not. */
const RECORDED = { path: '/api/v1/edges?filter=peer=10.77.0.2', peer: '10.77.0.2' };

/** For what stays. */
const LEFT_MS_MAX = 60_000;

const edgesOf = (text: string): Edges['edges'] => (JSON.parse(text) as Edges).edges;

/** All that the page is made of is there. */
async function expectPage(run: TcplensRun): Promise<void> {
  // On a slow machine it says where the page is before its store is open.
  await run.askUntil('/readyz', ({ status }) => status === 200);
  const page = run.ask('/');
  const parts = [...page.text.matchAll(/(?:src|href)="\.(\/[^"]+)"/g)].map(([, path = '']) => path);
  expect(parts).toEqual(expect.arrayContaining([expect.stringMatching(/\.js$/), expect.stringMatching(/\.css$/)]));
  expect(['/', '/readyz', ...parts].map((path) => [path, run.ask(path).status])).toEqual(
    ['/', '/readyz', ...parts].map((path) => [path, 200]),
  );
}

/** The connections of whoever asks are among those of this host. */
async function expectOwnTraffic(run: TcplensRun): Promise<void> {
  const { port } = new URL(run.url);
  const path = `/api/v1/edges?filter=process=${ASKING}+and+service_port=${port}`;
  const { text } = await run.askUntil(path, (answer) => edgesOf(answer.text).some(({ opened }) => opened > 0));
  const own = edgesOf(text).find(({ role }) => role === 'client');
  expect(own, run.said).toMatchObject({ comm: ASKING, peer_addr: '127.0.0.1', port: Number(port) });
  expect(own?.opened).toBeGreaterThan(0);
}

async function expectRecording(run: TcplensRun): Promise<void> {
  const { text } = await run.askUntil(RECORDED.path, (answer) => edgesOf(answer.text).length > 0);
  expect(edgesOf(text)[0], run.said).toMatchObject({ peer_addr: RECORDED.peer });
  expect(edgesOf(run.ask(`/api/v1/edges?filter=process=${ASKING}`).text)).toEqual([]);
}

/** Ctrl-C ends make, as it does, by the signal, and whatever it started, by itself. */
async function expectCleanEnd(run: TcplensRun, system: BareDebian): Promise<void> {
  const programs = system.programs();
  expect(await run.interrupt(), run.said).toBe('SIGINT');
  // The last of them may be at its end, and the kernel frees what they held a grace period later.
  const left = () => programs.filter((id) => runCommand('bpftool', ['prog', 'show', 'id', String(id)]).code === 0);
  await expect.poll(() => [...system.processes(), ...left()], { timeout: LEFT_MS_MAX, interval: 200 }).toEqual([]);
  expect(run.said).not.toMatch(/"level":[56]0|ended/);
}

export function describeRunOn(suite: string): void {
  describe(`Debian ${suite}`, () => {
    const whyNot = whyNoSystem();
    let missing = whyNot;
    let system: BareDebian;
    beforeAll(async () => {
      if (whyNot !== '') return;
      system = new BareDebian('077');
      missing = await system.make(suite);
    });
    afterAll(async () => system?.remove());
    beforeEach((context) => context.skip(missing !== '', missing));
    afterEach(() => system?.endAll());

    test('without npm an ordinary user is told what root has to install', async () => {
      const { code, said } = await system.run(`cd '${USER.clone}' && make run`, USER);
      expect(said).toContain('only root can install: apt-get install nodejs npm libbpf1\n');
      expect(code).not.toBe(0);
    });

    test('as root it shows this host, and Ctrl-C leaves nothing behind', async () => {
      const run = await TcplensRun.start(system, ADMIN, ANY_PORTS);
      await expectPage(run);
      await expectOwnTraffic(run);
      expect(system.programs().length).toBeGreaterThan(0);
      await expectCleanEnd(run, system);
    });

    test('as an ordinary user it shows a recording', async () => {
      const run = await TcplensRun.start(system, USER, ANY_PORTS);
      expect(run.said).toContain('Watching this host needs root');
      await expectPage(run);
      await expectRecording(run);
      expect(system.programs()).toEqual([]);
      await expectCleanEnd(run, system);
    });

    test('the pinned Node and npm are what installed everything else', async () => {
      const { version } = JSON.parse(readFileSync(join(root, 'deploy/node/node_modules/npm/package.json'), 'utf8')) as { version: string };
      const { said } = await system.run(`cd '${ADMIN.clone}' && make --eval 'versions: ; @node --version; npm --version' versions`, ADMIN);
      expect(said).toBe(`${process.version}\n${version}\n`);
    });

    test('a second start needs no network', async () => {
      for (const person of [ADMIN, USER]) {
        const run = await TcplensRun.start(system, person, '', { offline: true });
        expect(run.url).toBe('http://127.0.0.1:8600');
        await expectPage(run);
        if (person === ADMIN) await expectOwnTraffic(run);
        else await expectRecording(run);
        await expectCleanEnd(run, system);
      }
    });
  });
}
