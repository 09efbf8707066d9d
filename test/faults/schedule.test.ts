import { expect, test } from 'vitest';
import { type Damage, type EngineDamage, type Fault, type Mishap, type Schedule, scheduleOf } from './schedule.ts';

const schedules = Array.from({ length: 100 }, (_, index) => scheduleOf(index + 1));
const faults = schedules.flatMap((schedule) => schedule.faults);

test('a seed has one schedule', () => {
  for (const schedule of schedules) expect(scheduleOf(schedule.seed)).toEqual(schedule);
});

/** What a hundred runs have to have among them; a fault that is added has to come here. */
const WANTED: Record<`${Fault['what']} ${Fault['who']}`, boolean> = {
  'kill agent': true,
  'kill collector': true,
  'kill engine': true,
  'kill_at_start agent': true,
  'kill_at_start collector': true,
  'kill_at_start engine': false,
  'freeze agent': true,
  'freeze collector': true,
  'freeze engine': true,
  'stop agent': false,
  'stop collector': true,
  'stop engine': false,
  'cut_off agent': false,
  'cut_off collector': true,
  'cut_off engine': true,
  'sockets agent': false,
  'sockets collector': true,
  'sockets engine': false,
  'names agent': false,
  'names collector': true,
  'names engine': false,
  'full_disk agent': true,
  'full_disk collector': true,
  'full_disk engine': false,
  'clock agent': true,
  'clock collector': true,
  'clock engine': false,
};
const DAMAGES: Record<Damage, true> = {
  none: true,
  torn_tail: true,
  zeroed_tail: true,
  flipped_byte: true,
  cut_tail: true,
  ledger_byte: true,
  ledger_zeroed: true,
  ledger_garbage: true,
  ledger_cut: true,
};
/** `batches`: only between agents and collectors. */
const MISHAPS: Record<Mishap['what'], true | 'batches'> = {
  refused: true,
  cut_request: true,
  cut_response: true,
  half_response: true,
  twice: true,
  busy: true,
  bad_gateway: true,
  delayed: true,
  slow: true,
  overtaken: true,
  again: true,
  foreign: 'batches',
  unanswered: 'batches',
};

const ENGINE_DAMAGES: Record<EngineDamage, true> = {
  none: true,
  columns_cut: true,
  columns_gone: true,
  checksums_byte: true,
  data_gone: true,
  definition_gone: true,
  definition_cut: true,
  store_gone: true,
};

test('a hundred seeds have every fault', () => {
  const seen = new Set(faults.map(({ what, who }) => `${what} ${who}`));
  expect(seen).toEqual(new Set(Object.entries(WANTED).flatMap(([name, wanted]) => (wanted ? [name] : []))));
  const damages = new Set(faults.map((fault) => (fault.what === 'kill' && fault.who !== 'engine' ? fault.damage : 'none')));
  expect(damages).toEqual(new Set(Object.keys(DAMAGES)));
  for (const network of ['batches', 'inserts'] as const) {
    const mishaps = new Set(schedules.flatMap(({ mishaps: all }) => Object.values(all[network]).map(({ what }) => what)));
    const wanted = Object.entries(MISHAPS).filter(([, where]) => where === true || where === network);
    expect(mishaps, network).toEqual(new Set(wanted.map(([what]) => what)));
  }
});

test('some seeds have every damage of the engine, most have none: where it is named, rows are not counted', () => {
  const damages = Array.from({ length: 500 }, (_, index) => scheduleOf(index + 1).engine_damage);
  expect(new Set(damages)).toEqual(new Set(Object.keys(ENGINE_DAMAGES)));
  expect(damages.filter((damage) => damage === 'none').length).toBeGreaterThan(400);
});

const HAVE: Record<string, (schedule: Schedule) => boolean> = {
  'several agents': ({ agents }) => agents.length > 1,
  'several collectors on one engine': ({ collectors }) => collectors > 1,
  'this kernel for a source': ({ agents }) => agents.some(({ source }) => source === 'kernel'),
  'kills within migrations': ({ migration_kills }) => migration_kills.length > 0,
  'kills within refreshes': ({ refresh_kills }) => refresh_kills.length > 0,
  'all batches sent again': ({ repeated }) => repeated > 0.5,
};

test.each(Object.entries(HAVE))('some of a hundred seeds have %s', (_, has) => {
  expect(schedules.filter(has).length).toBeGreaterThan(1);
});
