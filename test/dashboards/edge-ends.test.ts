import { describe, expect, test } from 'vitest';
import { endsOf, peerOf } from '../../dashboards/views/now/edge-ends.ts';
import type { Edge } from '../../server/api.ts';

const EDGE = { host: 'web-1', comm: 'nginx', role: 'client', peer_addr: '10.0.0.1', port: 443 } as Edge;

const said = ({ direction, addr, tail }: ReturnType<typeof endsOf>) => `${direction} ${addr}${tail}`;

describe('where an edge leads', () => {
  const cases: readonly (readonly [Partial<Edge>, string])[] = [
    [{}, '→ 10.0.0.1:443'],
    [{ peer_addr: '2001:db8::1' }, '→ [2001:db8::1]:443'],
    [{ role: 'server' }, ':443 ← 10.0.0.1'],
    [{ role: 'unknown' }, '↔ 10.0.0.1:443'],
    [{ peer_addr: '10.0.0.0/24' }, '→ 10.0.0.0/24 port 443'],
  ];
  test.each(cases)('%j', (change, expected) => {
    expect(said(peerOf({ ...EDGE, ...change }))).toBe(expected);
  });
});

test('a service port has the address of its own end', () => {
  const ends = (group: Parameters<typeof endsOf>[0]) => said(endsOf(group));
  const group = { peer_addr: '10.0.0.9', port: 81, service_addr: '10.0.0.2' };
  expect(ends({ ...group, role: 'server' })).toBe('10.0.0.2:81 ← 10.0.0.9');
  expect(ends({ ...group, role: 'unknown' })).toBe('10.0.0.2:81 ↔ 10.0.0.9');
  expect(ends({ ...group, role: 'unknown', service_addr: '10.0.0.9' })).toBe('↔ 10.0.0.9:81');
  expect(ends({ ...group, role: 'client', service_addr: '10.0.0.9' })).toBe('→ 10.0.0.9:81');
});
