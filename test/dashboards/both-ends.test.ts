// Both ends of a connection on one time axis.
import { expect, test } from 'vitest';
import { type Drawn, earlierBy, otherEndWords, spanOf } from '../../dashboards/views/connection/both-ends.ts';
import { eventsOfEnds } from '../../dashboards/views/connection/events.ts';
import type { Connection } from '../../server/api.ts';

type Other = NonNullable<Connection['other_end']>;
const OTHER: Other = {
  host_id: '2',
  host: 'db-1',
  connection_id: '7',
  comm: 'postgres',
  reset_sent_ms: null,
  clock_ahead_ms: null,
  clock_error_ms: null,
  turn_us: null,
  arrived: null,
};
const NOTHING: Drawn = {
  host: 'db-1',
  states: [],
  congestion: [],
  retransmits: [],
  resets: [],
  drops: [],
  closed_ms: null,
  from_ms: 0,
  to_ms: 0,
};
const reset = (time_ns: string): Connection['resets'][number] => ({
  time_ns,
  direction: 'sent',
  reason: '',
  state: 'established',
  linger_zero: false,
  idle_us: 0,
  unread: 0,
  notsent: 0,
  packets_out: 0,
});

test('all times of the other end are taken to this clock, to the nanosecond; what has none stays without', () => {
  const there: Drawn = {
    ...NOTHING,
    states: [
      { state: 'established', from_ms: 5000.25, to_ms: 6000 },
      { state: 'close_wait', from_ms: 6000, to_ms: null },
    ],
    resets: [reset('1796000000123456789')],
    from_ms: 5000.25,
    to_ms: 6000,
  };
  const here = earlierBy(5000.25, there);
  expect(here).toMatchObject({ host: 'db-1', closed_ms: null, from_ms: 0, to_ms: 999.75 });
  expect(here.states).toEqual([
    { state: 'established', from_ms: 0, to_ms: 999.75 },
    { state: 'close_wait', from_ms: 999.75, to_ms: null },
  ]);
  expect(here.resets[0]?.time_ns).toBe('1795999995123206789');
  expect(earlierBy(-1, { ...NOTHING, closed_ms: 10 }).closed_ms).toBe(11);
});

test('the axis has both', () => {
  expect(spanOf({ from_ms: 10, to_ms: 20 }, { from_ms: 5, to_ms: 15 })).toEqual({ from_ms: 5, to_ms: 20 });
  expect(spanOf({ from_ms: 5, to_ms: 15 }, { from_ms: 10, to_ms: 20 })).toEqual({ from_ms: 5, to_ms: 20 });
  expect(spanOf({ from_ms: 10, to_ms: 20 })).toEqual({ from_ms: 10, to_ms: 20 });
});

test('events of both are one list in order of time, each with its end', () => {
  const [web, db] = [
    { ...NOTHING, host: 'web-1', resets: [reset('2000000'), reset('9000000')] },
    { ...NOTHING, resets: [reset('2000000'), reset('5000000')] },
  ];
  const events = eventsOfEnds([web, db]);
  expect(events.map(({ ms, host }) => `${ms} ${host}`)).toEqual(['2 web-1', '2 db-1', '5 db-1', '9 web-1']);
  expect(new Set(events.map(({ key }) => key)).size).toBe(4);
});

test.each<[string, Partial<Other>, string]>([
  ['one host', { host_id: '1' }, 'The other end, at db-1 (postgres): the same clock'],
  [
    'its clock is not known',
    {},
    'The other end, at db-1 (postgres): by its own clock; the handshake does not tell how far that is from this one’s',
  ],
  [
    'ahead',
    { clock_ahead_ms: 5000, clock_error_ms: 12 },
    'The other end, at db-1 (postgres): its clock is 5 s ahead, within 12 ms, which is taken off',
  ],
  [
    'behind, and nobody knows the process',
    { comm: '', clock_ahead_ms: -2.5, clock_error_ms: 2 },
    'The other end, at db-1: its clock is 2.5 ms behind, within 2 ms, which is taken off',
  ],
])('whose the second lanes are: %s', (_, of, words) => {
  expect(otherEndWords({ host_id: '1' }, { ...OTHER, ...of }).replaceAll('\u202f', ' ')).toBe(words);
});
