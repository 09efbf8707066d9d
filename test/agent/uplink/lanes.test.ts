import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nextLane, SLOTS } from '../../../agent/uplink/lanes.ts';

test.each([
  { it: 'nothing waits', live: false, backlog: false, under_way: [0, 0], slots: SLOTS, lane: undefined },
  { it: 'only new batches', live: true, backlog: false, under_way: [SLOTS - 1, 0], slots: SLOTS, lane: 'live' },
  { it: 'all slots taken', live: true, backlog: true, under_way: [SLOTS - 1, 1], slots: SLOTS, lane: undefined },
  { it: 'new ones first', live: true, backlog: true, under_way: [0, 0], slots: SLOTS, lane: 'live' },
  { it: 'one slot is for what has waited', live: true, backlog: true, under_way: [SLOTS - 1, 0], slots: SLOTS, lane: 'backlog' },
  { it: 'one is never for what has waited', live: false, backlog: true, under_way: [0, SLOTS - 1], slots: SLOTS, lane: undefined },
  { it: 'asking whether the collector is back', live: true, backlog: true, under_way: [0, 0], slots: 1, lane: 'live' },
  { it: 'the same with nothing new', live: false, backlog: true, under_way: [0, 0], slots: 1, lane: 'backlog' },
] as const)('$it', ({ live, backlog, under_way: [of_live, of_backlog], slots, lane }) => {
  expect(nextLane({ live, backlog }, { live: of_live, backlog: of_backlog }, slots)).toBe(lane);
});

test('neither lane waits for ever, whatever ends when', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 50 }), (ends) => {
      const under_way = { live: 0, backlog: 0 };
      for (const live_ends of ends) {
        for (let lane = nextLane({ live: true, backlog: true }, under_way, SLOTS); lane !== undefined; ) {
          under_way[lane]++;
          lane = nextLane({ live: true, backlog: true }, under_way, SLOTS);
        }
        expect(under_way.live).toBeGreaterThan(0);
        expect(under_way.backlog).toBeGreaterThan(0);
        expect(under_way.live + under_way.backlog).toBe(SLOTS);
        under_way[live_ends ? 'live' : 'backlog']--;
      }
    }),
  );
});
