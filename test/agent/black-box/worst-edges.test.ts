// Which edges the black box watches, by rows whose bytes are made by hand.
import { expect, test } from 'vitest';
import { expressionOf, WorstEdges } from '../../../agent/black-box/worst-edges.ts';
import { parseConnections } from '../../../agent/contract/language/connections.ts';
import { OUTCOME, ROLE } from '../../../bpf/rows/rows.gen.ts';
import { type RowValues, rowBytes } from '../../support/row-bytes.ts';

const CLIENT = { role: ROLE.indexOf('client'), peer_port: 443, local_port: 50_000 };
const SERVER = { role: ROLE.indexOf('server'), peer_port: 50_000, local_port: 443 };
const rows = (...all: RowValues[]) => Buffer.concat(all.map((values) => rowBytes('retransmit', values)));
const times = (count: number, values: RowValues) => new Array<RowValues>(count).fill({ segments: 1, ...values });

test.each<[string, RowValues[], string[]]>([
  ['nothing', [], []],
  ['too little', times(4, { ...CLIENT, peer_addr: '10.0.0.1' }), []],
  ['a service that this host asks', times(5, { ...CLIENT, peer_addr: '10.0.0.1' }), ['(peer = 10.0.0.1 and peer_port = 443)']],
  ['one that this host is', times(5, { ...SERVER, peer_addr: '10.0.0.1' }), ['(peer = 10.0.0.1 and local_port = 443)']],
  [
    'several, the worst first',
    [...times(5, { ...CLIENT, peer_addr: '10.0.0.1' }), { ...CLIENT, peer_addr: '10.0.0.2', segments: 6 }],
    ['(peer = 10.0.0.2 and peer_port = 443)', '(peer = 10.0.0.1 and peer_port = 443)'],
  ],
  [
    'no more than are asked for',
    [1, 2, 3].flatMap((last) => times(4 + last, { ...CLIENT, peer_addr: `10.0.0.${last}` })),
    ['(peer = 10.0.0.3 and peer_port = 443)', '(peer = 10.0.0.2 and peer_port = 443)'],
  ],
  ['what never left', times(9, { ...CLIENT, peer_addr: '10.0.0.1', outcome: OUTCOME.indexOf('refused') }), []],
])('%s', (_, all, wanted) => {
  const edges = new WorstEdges();
  edges.see(rows(...all));
  const worst = edges.worst(2);
  expect(worst.map((edge) => expressionOf([edge]))).toEqual(wanted);
  if (wanted.length > 0) expect(() => parseConnections(expressionOf(worst))).not.toThrow();
});

test('what is long ago does not count', () => {
  const edges = new WorstEdges();
  edges.see(rows(...times(100, { ...CLIENT, peer_addr: '10.0.0.1' })));
  for (let look = 0; look < 20; look++) edges.fade();
  expect(edges.worst(1)).toEqual([]);
});
