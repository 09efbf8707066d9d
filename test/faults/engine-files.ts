// Damages files of the embedded engine between two runs of its collector: the next one has to start and to name what is missing, or to say
// why it does not start and what a person can do.
import { existsSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dice } from './dice.ts';
import type { EngineDamage } from './schedule.ts';
import type { Stage } from './stage.ts';

const LOOKED_MS = 300_000;

/** Whether health names damage, and what is wrong with how the collector has taken it. */
export type Spoiled = { named: boolean; wrong: string[] };

export async function spoilEngine(stage: Stage, dice: Dice, damage: EngineDamage): Promise<Spoiled> {
  const [collector] = stage.collectors;
  if (collector === undefined || damage === 'none') return { named: false, wrong: [] };
  await collector.actor.stop();
  const { engine } = stage.tables;
  const done = damageEngine(dice, engine, damage);
  stage.say(`engine: ${done === '' ? 'it has nothing yet that could be damaged' : done}`);
  const wrong: string[] = [];
  const words = join(stage.directory, 'collector-0.log');
  const from = readFileSync(words).length;
  const said = () => readFileSync(words).subarray(from).toString();
  // It takes rows before it has opened the engine, and has looked for damage once it says that it is ready.
  const settled = async () => {
    collector.start();
    const ready = () => /"msg":"ready"/.test(said());
    for (const end = Date.now() + LOOKED_MS; collector.actor.running && !ready() && Date.now() < end; ) await sleep(50);
    return ready();
  };
  if (!(await settled())) {
    if (!/tcplens admin restore/.test(said())) wrong.push(`no start after ${done}, and no advice: ${said()}`);
    // What a person does who has no backup.
    await collector.actor.ended();
    renameSync(engine, `${engine}.damaged`);
    if (!(await settled())) throw new Error(`no start without ${engine}`);
  }
  const health = (await (await fetch(`${collector.url}/api/v1/health`)).json()) as { findings: { code: string; sentence: string }[] };
  const finding = health.findings.find(({ code }) => code === 'store_damaged');
  stage.say(`health: ${finding?.sentence ?? 'no damage'}`);
  // A part may have been merged into another before: then nothing is missing, as what is stored shows.
  if (done !== '' && finding === undefined && !(damage in PART_DAMAGES)) wrong.push(`nobody names the damage: ${done}`);
  if (done === '' && finding !== undefined) wrong.push(`damage is named that nobody did: ${finding.sentence}`);
  return { named: finding !== undefined, wrong };
}

/** @returns what was done; '' if there was nothing to damage */
function damageEngine(dice: Dice, engine: string, damage: Exclude<EngineDamage, 'none'>): string {
  const definitions = realpathSync(join(engine, 'metadata', 'default'));
  if (damage === 'store_gone') {
    rmSync(join(engine, 'store'), { recursive: true });
    return 'its store is gone';
  }
  if (damage === 'definition_gone' || damage === 'definition_cut') {
    const path = join(
      definitions,
      dice.pick(
        readdirSync(definitions)
          .filter((name) => name.endsWith('.sql'))
          .sort(),
      ),
    );
    if (damage === 'definition_gone') rmSync(path);
    else truncateSync(path, 3);
    return `${path}: ${damage}`;
  }
  const parts = partsOf(join(engine, 'data', 'default'));
  if (parts.length === 0) return '';
  const part = dice.pick(parts);
  const [name, harm] = PART_DAMAGES[damage];
  const path = join(part, name);
  harm(path);
  return `${path}: ${damage}`;
}

const flip = (path: string) => {
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  writeFileSync(path, bytes);
};

/**
 * Damages to parts that a start notices: a byte within the data shows only when it is read, and a part that is gone only beside its
 * accounts.
 */
const PART_DAMAGES = {
  columns_cut: ['columns.txt', (path) => truncateSync(path, 3)],
  columns_gone: ['columns.txt', (path) => rmSync(path)],
  checksums_byte: ['checksums.txt', flip],
  data_gone: ['data.bin', (path) => rmSync(path)],
} as const satisfies Record<string, [file: string, harm: (path: string) => void]>;

/** Parts of all tables, which lie in compact files while they are small. */
function partsOf(data: string): string[] {
  return readdirSync(data)
    .sort()
    .flatMap((table) => {
      const folder = realpathSync(join(data, table));
      const parts = readdirSync(folder).filter((name) => /_\d+_\d+_\d+$/.test(name) && existsSync(join(folder, name, 'data.bin')));
      return parts.sort().map((part) => join(folder, part));
    });
}
