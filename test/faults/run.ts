// One seeded run from the first start to the verdict.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { HEADERS } from '../../agent/contract/batch-envelope.ts';
import { REAL_DISK } from '../../agent/durable/disk.ts';
import { readBooks } from '../../agent/spool/books-state.ts';
import { HEAD_AT } from '../../bpf/rows/rows.gen.ts';
import { check } from './check.ts';
import type { CollectorProcess } from './collectors.ts';
import { Dice } from './dice.ts';
import { spoilEngine } from './engine-files.ts';
import { suffer } from './inflict.ts';
import { leftWrong } from './left.ts';
import type { Request } from './relay.ts';
import { scheduleOf } from './schedule.ts';
import { Stage } from './stage.ts';

/** The time in which an agent that starts again and again has to have sent and reported everything. */
const DRAIN_MS = 300_000;
/** Starts that a collector gets to put into the store what is in its log. */
const STOPS = 3;

export type Verdict = { seed: number; directory: string; wrong: string[]; said: readonly string[]; summary: string };

export async function run(seed: number): Promise<Verdict> {
  const directory = mkdtempSync(join(tmpdir(), `tcplens-faults-${seed}-`));
  const schedule = scheduleOf(seed);
  const stage = new Stage(schedule, directory);
  writeFileSync(join(directory, 'schedule.json'), JSON.stringify(schedule, null, 2));
  const wrong: string[] = [];
  let summary = '';
  try {
    await stage.open();
    await suffer(stage, new Dice(seed ^ 0x5eed));
    const spoiled = await spoilEngine(stage, new Dice(seed ^ 0xe791e), schedule.engine_damage);
    wrong.push(...spoiled.wrong);
    wrong.push(...(await settle(stage)));
    await stage.halve('refresh', schedule.refresh_kills);
    const verdict = await check(stage, epochsOf(stage.batches.kept), spoiled.named);
    const damaged = schedule.faults.some((fault) => fault.what === 'kill' && fault.damage !== 'none');
    wrong.push(
      ...verdict.wrong,
      ...leftWrong(
        stage.collectors.map(({ data }) => data),
        spoiled.named ? undefined : verdict.losses,
        damaged,
      ),
    );
    summary = `${verdict.summary}, lost by name: ${JSON.stringify(verdict.losses)}`;
  } catch (error) {
    wrong.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    await stage.close();
  }
  writeFileSync(join(directory, 'said.txt'), [...stage.said, ...wrong, summary].join('\n'));
  if (wrong.length === 0) rmSync(directory, { recursive: true });
  return { seed, directory, wrong, said: stage.said, summary };
}

/** Lets everything come to rest: agents end and empty their spools, all batches come again, collectors empty their logs. */
async function settle(stage: Stage): Promise<string[]> {
  const wrong: string[] = [];
  const { hosts, collectors, batches, schedule, engine } = stage;
  wrong.push(...(await Promise.all(hosts.map((host) => host.finish()))));
  stage.say('agents have ended');
  await Promise.all(collectors.map((collector) => collector.filling()));
  await Promise.all(
    hosts.map(async (host) => {
      if (!(await drain(host))) wrong.push(`${host.actor.name} does not empty its spool`);
    }),
  );
  const again = new Dice(schedule.seed ^ 0xa9a1).shuffled(batches.kept).slice(0, Math.round(batches.kept.length * schedule.repeated));
  for (const request of again) await batches.again(request);
  stage.say(`${again.length} of ${batches.kept.length} batches came again`);
  for (const collector of collectors) wrong.push(await empty(collector));
  await engine?.actor.stop();
  stage.say('all have stopped');
  return wrong.filter((text) => text !== '');
}

/** Stops a collector; once more if a mishap at the last moment, or the time it took, has left something in its log. */
async function empty(collector: CollectorProcess): Promise<string> {
  const { actor } = collector;
  for (let turn = 0; turn < STOPS; turn++) {
    const code = await actor.stop();
    if (code !== 0 && code !== 1) return `${actor.name} ended with ${code} when it was stopped`;
    if (code === 0 && collector.waiting === 0) return '';
    collector.start();
    await collector.ready();
    await collector.filling();
  }
  await actor.stop();
  return `${actor.name} does not empty its log`;
}

async function drain(host: Stage['hosts'][number]): Promise<boolean> {
  for (const end = Date.now() + DRAIN_MS; Date.now() < end; ) {
    host.start(0);
    const problem = await host.finish();
    if (problem !== '') return false;
    if (await isEmpty(host.spool)) return true;
  }
  return false;
}

/** No batch waits, and the books tell of no run but the last: all of the others has been sent and told. */
async function isEmpty(spool: string): Promise<boolean> {
  const { runs } = await readBooks(REAL_DISK, spool);
  return runs.size <= 1 && !readdirSync(spool).some((name) => name.endsWith('.batches'));
}

/** The number of the tape by epoch: a batch tells both. */
function epochsOf(batches: readonly Request[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const { headers, body } of batches) {
    const rows = zstdDecompressSync(body);
    found.set(String(headers[HEADERS.epoch]), rows.readUInt32LE(HEAD_AT.cgroup_id + 4));
  }
  return found;
}
