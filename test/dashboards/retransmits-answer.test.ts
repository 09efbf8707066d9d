import { expect, test } from 'vitest';
import { figuresOf, matrixOf, movesOf, pairKey } from '../../dashboards/retransmits-answer.ts';
import { earlierOf } from '../../dashboards/retransmits-view.ts';
import type { Explored } from '../../server/api.ts';

type Column = Explored['columns'][number];

/** An answer whose columns have these names; `sorts` of those that are no metrics. */
function answer(names: readonly string[], rows: Explored['rows'], sorts: Record<string, Column['sort']> = {}): Explored {
  const columns = names.map((name): Column => {
    const isSamples = name.endsWith('_samples');
    return {
      name,
      sort: sorts[name] ?? (isSamples ? 'samples' : 'metric'),
      words: '',
      unit: '',
      end: '',
      adds: '',
      least: isSamples ? 100 : 0,
    };
  });
  return {
    from_ms: 0,
    to_ms: 60_000,
    step_s: null,
    earlier_s: null,
    source: 'rows',
    columns,
    rows,
    groups: rows.length,
    watched_s: [],
    completeness: 1,
    rows_read: 1,
    elapsed_ms: 1,
    notes: [],
  };
}
const PAIR = [
  'retransmit_ratio',
  'retransmit_ratio_samples',
  'lost_segments',
  'data_segments',
  'spurious_segments',
  'retrans_tlp',
  'retransmits_refused',
];
const pairs = (own: string[], rows: Explored['rows']) =>
  answer([...own, 'other', ...PAIR], rows, { ...Object.fromEntries(own.map((name) => [name, 'dimension' as const])), other: 'other' });

test('figures of what was asked; what only rows tell is unknown where there were too many', () => {
  const whole = answer(
    ['lost_segments', 'data_segments', 'retransmits', 'spurious_segments', 'retrans_fin', 'retransmits_refused', 'drops'],
    [[3, 1000, 9, 2, 1, 4, 5]],
  );
  const classes = answer(['retrans_fast', 'retrans_tlp'], [[6, 3]]);
  const known = { lost: 3, sent: 1000, resent: 9, spurious: 2, fins: 1, refused: 4, drops: 5 };
  const byClass = { fast: 6, slow_start: 0, rto: 0, tlp: 3, syn: 0, syn_ack: 0, unknown: 0 };
  expect(figuresOf(whole, classes, null)).toEqual({ ...known, byClass, failed: null, attempts: null, reasons: [] });
  const byOutcome = answer(
    ['outcome', 'other', 'retransmits'],
    [
      ['sent', false, 7],
      ['failed', false, 2],
    ],
  );
  const byReason = answer(
    ['reason', 'other', 'drops'],
    [
      ['QDISC_DROP', false, 4],
      ['', true, 1],
    ],
  );
  expect(figuresOf(whole, classes, { byOutcome, byReason, attempts: 8 })).toMatchObject({
    failed: 2,
    attempts: 8,
    reasons: [{ reason: 'QDISC_DROP', packets: 4 }],
  });
});

test('a matrix of hosts: each side once, the worst first, the rest apart, and what a filter picks', () => {
  const found = pairs(
    ['host', 'host_id', 'peer_host', 'peer_host_id'],
    [
      ['web-1', '1', 'db-1', '10.0.0.2,10.0.0.3', false, 0.05, 200, 10, 200, 0, 0, 0],
      ['web-1', '1', '10.9.0.0/24', '10.9.0.0/24', false, 0.5, 4, 2, 4, 1, 2, 3],
      ['db-1', '2', '10.9.0.0/24', '10.9.0.0/24', false, null, 0, 0, 0, 0, 0, 0],
      ['', '', '', '', true, 0.01, 900, 9, 900, 0, 0, 0],
    ],
  );
  const { own, peers, cells, rest } = matrixOf(found, 'hosts');
  expect(own).toEqual([
    { key: '1', label: 'web-1', picked: ['host', ['1']] },
    { key: '2', label: 'db-1', picked: ['host', ['2']] },
  ]);
  expect(peers).toEqual([
    { key: '10.0.0.2,10.0.0.3', label: 'db-1', picked: ['peer', ['10.0.0.2', '10.0.0.3']] },
    { key: '10.9.0.0/24', label: '10.9.0.0/24', picked: ['peer', ['10.9.0.0/24']] },
  ]);
  const [web, db] = own as [(typeof own)[0], (typeof own)[0]];
  const [host, network] = peers as [(typeof peers)[0], (typeof peers)[0]];
  expect(cells.get(pairKey(web, host))).toEqual({ lost: 10, sent: 200, ratio: 0.05, spurious: 0, probes: 0, refused: 0, isFew: false });
  expect(cells.get(pairKey(web, network))).toMatchObject({ ratio: 0.5, isFew: true, spurious: 1, probes: 2, refused: 3 });
  expect(cells.has(pairKey(db, host))).toBe(false);
  expect(rest).toMatchObject({ ratio: 0.01, lost: 9 });
});

test('a matrix of networks: the own one is picked by the own address', () => {
  const found = pairs(['local_network', 'network'], [['10.0.0.0/24', '10.9.0.0/24', false, 0, 500, 0, 500, 0, 0, 0]]);
  expect(matrixOf(found, 'networks').own).toEqual([{ key: '10.0.0.0/24', label: '10.0.0.0/24', picked: ['local', ['10.0.0.0/24']] }]);
});

test('what moved most, of all dimensions together; a ratio of few segments is none', () => {
  const moved = ['lost_segments', 'data_segments', 'retransmit_ratio'].flatMap((name) => [name, `${name}_earlier`]);
  const of = (by: string, rows: Explored['rows']) =>
    answer([by, 'other', ...moved, 'retransmit_ratio_samples'], rows, { [by]: 'dimension', other: 'other' });
  const groups = {
    network: of('network', [['10.9.0.0/24', false, 2, 50, 1000, 1000, 0.002, 0.05, 1000]]),
    process: of('process', [['curl', false, 7, 7, 1000, 1000, 0.007, 0.007, 1000]]),
    host: of('host', [['', true, 900, 0, 1000, 1000, 0.9, 0, 1000]]),
    service_port: of('service_port', [['443', false, 30, 1, 1000, 4, 0.03, 0.25, 1000]]),
  };
  const classes = answer(['retrans_rto', 'retrans_rto_earlier', 'retrans_fast', 'retrans_fast_earlier'], [[40, 0, 5, 5]]);
  expect(
    movesOf(groups, classes).map(({ by, side, moved: change, now, before }) => [by, side.label, change, now.ratio, before.ratio]),
  ).toEqual([
    ['network', '10.9.0.0/24', -48, 0.002, 0.05],
    ['class', 'rto', 40, null, null],
    ['service_port', '443', 29, 0.03, null],
  ]);
});

test('the time just before is as long as the chosen one', () => {
  expect(earlierOf({ against: 'previous', pairs: 'hosts' }, 900_000)).toBe(900);
  expect(earlierOf({ against: 'week', pairs: 'hosts' }, 900_000)).toBe(604_800);
});
