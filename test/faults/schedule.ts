// What happens to a run, as a pure function of its seed. Faults come at points of progress, so that a seed is repeated as
// closely as processes allow.
import { Dice } from './dice.ts';

/** What befalls one request on its way, and its answer on the way back. */
export type Mishap =
  | { what: 'refused' | 'cut_request' | 'cut_response' | 'half_response' | 'twice' | 'busy' | 'bad_gateway' }
  | { what: 'delayed' | 'slow'; ms: number }
  /** goes on when so many others have overtaken it */
  | { what: 'overtaken'; by: number }
  /** goes on, and once more after so many others */
  | { what: 'again'; after: number }
  /** somebody else answers; `passes_on`: the collector has it all the same */
  | ({ what: 'foreign'; passes_on: boolean } & ForeignAnswer)
  | { what: 'unanswered'; ms: number };

/** An answer of somebody who stands between agent and collector. It may never end. */
export type ForeignAnswer = {
  status: number;
  body: 'page' | 'nothing' | 'json' | 'refusal';
  retry_after: '' | '0' | '-1' | 'Thu, 01 Jan 1970 00:00:00 GMT';
  ends: boolean;
};

/** Progress of the run: the n-th batch or statement on the wire, the n-th file that a log or spool has begun. */
export type Point = { of: 'batch' | 'insert' | 'log_file' | 'spool_file'; count: number; then_ms: number };

/** Damage to a file that tells of rows and has no second copy: a journal, or the books. */
export type LedgerDamage = 'ledger_byte' | 'ledger_zeroed' | 'ledger_garbage' | 'ledger_cut';
/** Damage to such a file, or to a file of rows. */
export type Damage = 'torn_tail' | 'zeroed_tail' | 'flipped_byte' | 'cut_tail' | LedgerDamage | 'none';
export const isOfLedger = (damage: Damage): damage is LedgerDamage => damage.startsWith('ledger_');

/** Damage to files of the embedded engine while its collector is stopped. */
export type EngineDamage = 'none' | (typeof ENGINE_DAMAGE)[number];

/** What befalls a process. */
export type Fault =
  | { what: 'kill'; who: 'agent' | 'collector'; which: number; down_ms: number; damage: Damage; at: Point }
  | { what: 'kill'; who: 'engine'; which: number; down_ms: number; damage: 'none'; at: Point }
  /** as it starts: within a migration, a recovery, a spool being read back */
  | { what: 'kill_at_start'; who: 'agent' | 'collector'; which: number; after_ms: readonly number[]; at: Point }
  | { what: 'freeze'; who: 'agent' | 'collector' | 'engine'; which: number; ms: number; at: Point }
  | { what: 'stop'; who: 'collector'; which: number; down_ms: number; at: Point }
  | { what: 'cut_off'; who: 'collector' | 'engine'; which: number; ms: number; at: Point }
  /** sockets that announce a body, and reports of hosts with hostile names */
  | { what: 'sockets'; who: 'collector'; which: number; count: number; ms: number; at: Point }
  | { what: 'names'; who: 'collector'; which: number; hosts: number; at: Point }
  | { what: 'full_disk'; who: 'agent' | 'collector'; which: number; ms: number; at: Point }
  | { what: 'clock'; who: 'agent' | 'collector'; which: number; by_s: number; at: Point };

/** `rows`: of a tape; what this kernel has to tell is not planned. */
export type AgentPlan = { host_id: string; source: 'tape' | 'kernel'; rows: number; length_ms: number };

/** A moment within work that is done statement by statement: `then_ms` into the n-th of them. */
export type Within = { statement: number; then_ms: number };

export type Schedule = {
  seed: number;
  /** kills while an empty engine gets its tables, before the first collector starts */
  migration_kills: Within[];
  /** kills while hours and days are made of minutes, after the last has stopped */
  refresh_kills: Within[];
  /** the engine in the collector's process, or several collectors before one that speaks HTTP */
  engine: 'embedded' | 'http';
  collectors: number;
  agents: AgentPlan[];
  /** by the number of the request on the relay before the collectors, or before the engine */
  mishaps: { batches: Record<number, Mishap>; inserts: Record<number, Mishap> };
  faults: Fault[];
  /** share of all batches that are sent once more, in another order, when all is over */
  repeated: number;
  /** done after the last fault */
  engine_damage: EngineDamage;
};

export function scheduleOf(seed: number): Schedule {
  const dice = new Dice(seed);
  const engine = dice.chance(0.4) ? 'http' : 'embedded';
  const source = dice.chance(0.06) ? 'kernel' : 'tape';
  const agents = Array.from(
    { length: source === 'kernel' ? 1 : dice.pick([1, 1, 2, 2, 3]) },
    (_, index): AgentPlan => ({
      source,
      host_id: (0xa0_0000_0000n + BigInt(seed % 0xffff) * 0x100n + BigInt(index + 1)).toString(16).padStart(16, '0'),
      rows: dice.between(500, 5000),
      length_ms: dice.between(1500, 3000),
    }),
  );
  const collectors = engine === 'http' ? dice.between(1, 2) : 1;
  const count = dice.between(1, 3);
  const faults = Array.from({ length: count }, (_, index) => faultOf(dice, { engine, collectors, agents: agents.length }, index / count));
  return {
    seed,
    migration_kills: dice.chance(0.25) ? withins(dice, 2, 90) : [],
    refresh_kills: dice.chance(0.35) ? withins(dice, 2, 12) : [],
    engine,
    collectors,
    agents,
    mishaps: { batches: mishapsOf(dice, 200, BATCH_MISHAPS), inserts: engine === 'http' ? mishapsOf(dice, 60, MISHAPS) : {} },
    faults,
    repeated: dice.chance(0.5) ? dice.between(10, 100) / 100 : 0,
    engine_damage: engine === 'embedded' && dice.chance(0.15) ? dice.pick(ENGINE_DAMAGE) : 'none',
  };
}

function withins(dice: Dice, most: number, statements: number): Within[] {
  return Array.from({ length: dice.between(1, most) }, () => ({
    statement: dice.between(1, statements),
    then_ms: dice.pick([0, 1, 3, 10, 30]),
  }));
}

function mishapsOf(dice: Dice, requests: number, kinds: readonly Mishap['what'][]): Record<number, Mishap> {
  const share = dice.pick([0, 0.03, 0.1, 0.3]);
  const mishaps: Record<number, Mishap> = {};
  for (let request = 1; request <= requests; request++) if (dice.chance(share)) mishaps[request] = mishapOf(dice, dice.pick(kinds));
  return mishaps;
}

const MISHAPS = [
  'refused',
  'cut_request',
  'cut_response',
  'cut_response',
  'half_response',
  'twice',
  'busy',
  'bad_gateway',
  'delayed',
  'slow',
  'overtaken',
  'again',
  'again',
] as const satisfies readonly Mishap['what'][];
/** Only for batches: nobody stands between collectors and their engine. */
const BATCH_MISHAPS = [...MISHAPS, 'foreign', 'foreign', 'foreign', 'foreign', 'unanswered'] as const;
const STATUSES = [200, 200, 204, 301, 302, 400, 401, 403, 404, 407, 409, 411, 413, 422, 429, 500, 502, 503, 504, 511];

function mishapOf(dice: Dice, what: Mishap['what']): Mishap {
  switch (what) {
    case 'foreign':
      return {
        what,
        passes_on: dice.chance(0.4),
        status: dice.pick(STATUSES),
        body: dice.pick(['page', 'page', 'nothing', 'json', 'refusal']),
        retry_after: dice.pick(['', '', '0', '-1', 'Thu, 01 Jan 1970 00:00:00 GMT']),
        ends: dice.chance(0.85),
      };
    case 'unanswered':
      return { what, ms: dice.between(100, 3000) };
    case 'delayed':
    case 'slow':
      return { what, ms: dice.between(20, 600) };
    case 'overtaken':
      return { what, by: dice.between(1, 6) };
    case 'again':
      return { what, after: dice.between(1, 30) };
    default:
      return { what };
  }
}

type Cast = { engine: Schedule['engine']; collectors: number; agents: number };

/** @param share of the run that is over by then, roughly */
function faultOf(dice: Dice, { engine, collectors, agents }: Cast, share: number): Fault {
  const who = dice.pick(engine === 'http' ? (['agent', 'collector', 'engine'] as const) : (['agent', 'collector', 'collector'] as const));
  const which = who === 'agent' ? dice.between(0, agents - 1) : who === 'collector' ? dice.between(0, collectors - 1) : 0;
  const at = pointOf(dice, who, share);
  const down_ms = dice.pick([0, 0, 100, 500, 1500]);
  // Not with the engine inside: its threads' timers do not bear the library that shifts the clock.
  const kinds = { agent: AGENT, collector: engine === 'http' ? [...COLLECTOR, 'clock' as const] : COLLECTOR, engine: ENGINE }[who];
  const what = dice.pick(kinds);
  if (who === 'engine') {
    if (what === 'kill') return { what, who, which, down_ms, damage: 'none', at };
    return { what: what === 'cut_off' ? what : 'freeze', who, which, ms: dice.between(100, 2000), at };
  }
  switch (what) {
    case 'kill':
      return { what, who, which, down_ms, damage: dice.pick(['none', 'none', 'none', 'none', ...DAMAGE]), at };
    case 'kill_at_start':
      return { what, who, which, after_ms: Array.from({ length: dice.between(1, 3) }, () => dice.between(30, 1500)), at };
    case 'freeze':
      return { what, who, which, ms: dice.between(100, 2500), at };
    case 'stop':
      return { what, who: 'collector', which, down_ms, at };
    case 'cut_off':
      return { what, who: 'collector', which, ms: dice.between(100, 2500), at };
    case 'sockets':
      return { what, who: 'collector', which, count: dice.between(20, 300), ms: dice.between(300, 3000), at };
    case 'names':
      return { what, who: 'collector', which, hosts: dice.between(20, 600), at };
    case 'full_disk':
      return { what, who, which, ms: dice.between(300, 2000), at };
    case 'clock':
      return { what, who, which, by_s: dice.pick([-40 * 86_400, -7200, -90, 90, 200, 7200]), at };
  }
}

const AGENT = ['kill', 'kill', 'kill', 'kill_at_start', 'freeze', 'full_disk', 'clock'] as const;
const COLLECTOR = ['kill', 'kill', 'kill', 'kill_at_start', 'freeze', 'stop', 'cut_off', 'full_disk', 'sockets', 'names'] as const;
const ENGINE = ['kill', 'kill', 'freeze', 'cut_off'] as const;
const DAMAGE = [
  'torn_tail',
  'zeroed_tail',
  'flipped_byte',
  'cut_tail',
  'ledger_byte',
  'ledger_zeroed',
  'ledger_garbage',
  'ledger_cut',
] as const satisfies readonly Damage[];

const ENGINE_DAMAGE = [
  'columns_cut',
  'columns_gone',
  'checksums_byte',
  'data_gone',
  'definition_gone',
  'definition_cut',
  'store_gone',
] as const;

function pointOf(dice: Dice, who: 'agent' | 'collector' | 'engine', share: number): Point {
  const then_ms = dice.pick([0, 0, 1, 5, 20, 100, 300]);
  const of = dice.pick(
    ({ agent: ['batch', 'spool_file'], collector: ['batch', 'log_file', 'insert'], engine: ['insert'] } as const)[
      who
    ] as readonly Point['of'][],
  );
  const most = { batch: 45, insert: 15, log_file: 15, spool_file: 20 }[of];
  return { of, count: 1 + Math.floor(most * share) + dice.between(0, Math.ceil(most / 3)), then_ms };
}
