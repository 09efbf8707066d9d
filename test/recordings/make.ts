// Makes the recordings of this folder again: `node test/recordings/make.ts [name…]`, as root. Each is the traffic of
// one situation of test/fidelity, and its file is checked as the rows are there.
import { copyFileSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { compilePrograms, type Programs } from '../fidelity/programs.ts';
import { type Ran, runScenario } from '../fidelity/run.ts';
import type { Scenario, SideSeen } from '../fidelity/scenario.ts';
import type { Pair } from '../support/netns.ts';
import { root } from '../support/project-files.ts';
import { NO_EVENTS } from '../support/witness.ts';
import { lossTraffic } from './loss.ts';
import { fileOf, type Named, RECORDINGS, type RowsByKind, readRows } from './recordings.ts';
import { type Tape, tape, writeTape } from './tape.ts';

const BYTES_MAX = 200 * 1024;
const ATTEMPTS = 3;
const SCENARIOS = join(root, 'test', 'fidelity', 'scenarios');

async function readScenarios(): Promise<ReadonlyMap<string, Scenario>> {
  const files = readdirSync(SCENARIOS).filter((file) => file.endsWith('.ts'));
  const modules = await Promise.all(files.map((file) => import(join(SCENARIOS, file)) as Promise<Record<string, unknown>>));
  const lists = modules.flatMap((exports) => Object.values(exports)).filter(Array.isArray) as Scenario[][];
  return new Map(lists.flat().map((scenario) => [scenario.id, scenario]));
}

/** What the file says of the scenario, in place of what the kernel's rows say. */
function check(scenario: Scenario, ran: Ran, { cookies }: Tape, rows: RowsByKind): void {
  const seen = (side: 'client' | 'server'): SideSeen => {
    const netns = ran.pair[side];
    const cookie = cookies.get(netns.name) ?? 0n;
    const own = Object.fromEntries(Object.entries(rows).map(([kind, all]) => [kind, all.filter((row) => row.netns === cookie)]));
    const known = { nstat: ran.nstat[side], filtered: ran.filtered[side], said: ran.said[side], witnessed: NO_EVENTS };
    return { side, netns, cookie, rows: own as RowsByKind, ...known };
  };
  const both = { ...ran, client: seen('client'), server: seen('server') };
  scenario.happened(both);
  scenario.says(both);
}

async function make(
  name: string,
  { scenario: id, causes }: Named,
  scenarios: ReadonlyMap<string, Scenario>,
  programs: Programs,
  directory: string,
) {
  const scenario = id === undefined ? undefined : scenarios.get(id);
  if (id !== undefined && scenario === undefined) throw new Error(`test/fidelity has no scenario ${id}`);
  const pairs: Pair[] = [];
  let ran: Ran | undefined;
  try {
    const taken = await tape(
      async (look) => {
        if (scenario) {
          ran = await runScenario(scenario, programs, directory, look);
          pairs.push(ran.pair);
        } else pairs.push(...(await lossTraffic()));
      },
      /^\d+\.\d+/.exec(release())?.[0] ?? '',
    );
    const called = new Map(
      pairs.flatMap(
        ({ client, server }) =>
          [
            [client.name, 'client'],
            [server.name, 'server'],
          ] as const,
      ),
    );
    const file = join(directory, `${name}.tcplens`);
    writeTape(file, taken, called, (command) =>
      command.replaceAll(process.execPath, 'node').replaceAll(`${directory}/`, '').replaceAll(`${root}/`, ''),
    );
    const rows = readRows(file);
    if (scenario && ran) check(scenario, ran, taken, rows);
    if (causes(rows).length === 0) throw new Error('no row in it names the cause');
    if (statSync(file).size > BYTES_MAX) throw new Error(`it has ${statSync(file).size} bytes, ${BYTES_MAX} may be`);
    return { file, rows };
  } finally {
    for (const pair of pairs) pair.close();
  }
}

/** Timing decides what some situations come to, and what else runs on the machine decides timing. */
async function withAttempts<Made>(act: () => Promise<Made>): Promise<Made> {
  for (let left = ATTEMPTS; ; left--) {
    try {
      return await act();
    } catch (error) {
      if (left === 1) throw error;
    }
  }
}

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(RECORDINGS);
const directory = mkdtempSync(join(tmpdir(), 'tcplens-recordings-'));
try {
  const [scenarios, programs] = [await readScenarios(), compilePrograms(directory)];
  for (const name of wanted) {
    const named = RECORDINGS[name];
    if (!named) throw new Error(`no recording ${name}: choose from ${Object.keys(RECORDINGS).join(', ')}`);
    try {
      const { file, rows } = await withAttempts(() => make(name, named, scenarios, programs, directory));
      const counts = Object.entries(rows).flatMap(([kind, { length }]) => (length > 0 ? [`${length} ${kind}`] : []));
      console.log(`${name}: ${statSync(file).size} bytes, ${counts.join(', ')}`);
      copyFileSync(file, fileOf(name));
    } catch (error) {
      process.exitCode = 1;
      console.error(`${name}: not made: ${error instanceof Error ? error.message : error}`);
    }
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
