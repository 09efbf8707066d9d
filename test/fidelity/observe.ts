// Scenarios run side by side under one open kernel source, and what came of each: the rows of its two namespaces
// beside what the kernel and the programs say.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KIND, type Kind, type Rows } from '../../bpf/rows/rows.gen.ts';
import { type Collected, collectRows } from '../support/collect.ts';
import { isOwnNetns } from '../support/netns.ts';
import { startWitness, type Testimony } from '../support/witness.ts';
import { accountOf, type Line } from './accounts.ts';
import { captureLines } from './capture-lines.ts';
import { compilePrograms } from './programs.ts';
import { type Ran, runAll, runScenario } from './run.ts';
import { OTHER, type Scenario, type Seen, SIDES, type Side, type SideSeen } from './scenario.ts';

/** Room for what other programs on this machine may do meanwhile, too. */
const RING_BYTES = 64 * 1024 * 1024;
const AT_ONCE = 8;

export type Observed = {
  /** before any traffic */
  began_ms: number;
  /** by the scenario's id: what was seen of it, or why it did not run */
  seen: Map<string, Seen | Error>;
  lines: Map<string, Line[]>;
  collected: Collected;
  testimony: Testimony;
  /** removes the namespaces */
  close(): void;
};

/** Runs all of them. Needs root. */
export async function observe(scenarios: readonly Scenario[]): Promise<Observed> {
  const directory = mkdtempSync(join(tmpdir(), 'tcplens-fidelity-'));
  const began_ms = Date.now();
  const ran = new Map<Scenario, Ran | Error>();
  const close = () => {
    for (const each of ran.values()) if (!(each instanceof Error)) each.pair.close();
  };
  try {
    const programs = compilePrograms(directory);
    const traffic = async (look: () => void) => {
      look(); // a namespace that comes later is known from its beginning
      await runAll(scenarios, AT_ONCE, async (scenario) => {
        ran.set(scenario, await runScenario(scenario, programs, directory, look).catch((error: Error) => error));
      });
    };
    const witness = await startWitness();
    const [collected, testimony] = await collectRows(traffic, {
      ring_bytes: RING_BYTES,
      only: isOwnNetns,
      keepRaw: true,
      opens_by_sweep: true,
    })
      .then(async (all) => [all, await witness.ask()] as const)
      .finally(() => witness.close());
    const seen = new Map([...ran].map(([{ id }, each]) => [id, each instanceof Error ? each : see(each, collected, testimony)]));
    const lines = new Map(scenarios.map((scenario) => [scenario.id, linesOf(scenario, seen.get(scenario.id))]));
    return { began_ms, seen, lines, collected, testimony, close };
  } catch (error) {
    close();
    throw error;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function see({ pair, ...ran }: Ran, collected: Collected, testimony: Testimony): Seen {
  const side = (name: Side): SideSeen => {
    const cookie = collected.netnsOf(pair[name].name);
    const of = <Name extends Kind>(kind: Name) => (collected.rows[kind] as Rows[Name][]).filter((row) => row.netns === cookie);
    const rows = Object.fromEntries(KIND.map((kind) => [kind, of(kind)])) as SideSeen['rows'];
    const known = { nstat: ran.nstat[name], filtered: ran.filtered[name], said: ran.said[name], witnessed: testimony.of(cookie) };
    return { side: name, netns: pair[name], cookie, rows, ...known };
  };
  return { ...ran, client: side('client'), server: side('server') };
}

function linesOf(scenario: Scenario, seen: Seen | Error | undefined): Line[] {
  if (!seen || seen instanceof Error) return [];
  const accounts = SIDES.flatMap((side) => accountOf(seen[side], seen[OTHER[side]], scenario.id, scenario.excused));
  return [...accounts, ...captureLines(scenario, seen)];
}
