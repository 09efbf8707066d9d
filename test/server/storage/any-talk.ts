// Hosts that talk to each other: random connections as they truly were, what each watched end's rows say of them, and the edges that they are.
import fc from 'fast-check';
import { END_REASON, EVENT, ROLE } from '../../../bpf/rows/rows.gen.ts';
import type { RowValues } from '../../support/row-bytes.ts';

type Sent = {
  data_segs_out: number;
  retrans_data: number;
  retrans_spurious: number;
  bytes_sent: number;
  bytes_received: number;
  srtt_us: number;
};
type End = { comm: string; samples: Sent[] };
/** `way`: between hosts, over a bridge that every host has with the same addresses, or over loopback. */
export type Talk = {
  way: 'routed' | 'bridge' | 'loopback';
  client_host: number;
  server_host: number;
  watched: 'both' | 'client' | 'server';
  client_port: number;
  port: number;
  fate: 'open' | 'failed' | 'reset';
  client: End;
  server: End;
};

const sent = fc.record({
  data_segs_out: fc.nat(200),
  retrans_data: fc.nat(5),
  retrans_spurious: fc.nat(5),
  bytes_sent: fc.nat(9999),
  bytes_received: fc.nat(9999),
  srtt_us: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 900_000 })),
});
const end = (...names: string[]) => fc.record({ comm: fc.constantFrom(...names), samples: fc.array(sent, { minLength: 1, maxLength: 3 }) });
const host = fc.nat(2);
const talk: fc.Arbitrary<Talk> = fc
  .record({
    way: fc.constantFrom('routed', 'routed', 'bridge', 'loopback'),
    client_host: host,
    server_host: host,
    watched: fc.constantFrom('both', 'both', 'client', 'server'),
    client_port: fc.integer({ min: 40_000, max: 40_003 }),
    port: fc.constantFrom(80, 5432),
    fate: fc.constantFrom('open', 'open', 'failed', 'reset'),
    client: end('curl', 'app', ''),
    server: end('nginx', 'postgres'),
  })
  // What stays on a host is watched at both ends, and a connect that failed has one.
  .map((one): Talk => (one.way === 'routed' ? one : { ...one, server_host: one.client_host, watched: 'both' }))
  .map((one): Talk => (one.fate === 'failed' ? { ...one, watched: 'client' } : one));

const pairOf = ({ way, client_host, server_host, client_port, port }: Talk) => [way, client_host, server_host, client_port, port].join();
export const anyTalks = fc.uniqueArray(talk, { maxLength: 25, selector: pairOf });

/** Each host has networks of its own. */
const ownAddress = (first_byte: number, host_id: number) => `${first_byte}.${host_id >> 8}.${host_id & 255}.1`;
const ADDRESSES = {
  routed: ({ client_host, server_host }: Talk, first: bigint) => [
    ownAddress(10, Number(first) + client_host),
    ownAddress(11, Number(first) + server_host),
  ],
  bridge: () => ['172.17.0.2', '172.17.0.3'],
  loopback: () => ['127.0.0.1', '127.0.0.1'],
} as const;
const addressesOf = (one: Talk, first: bigint) => ADDRESSES[one.way](one, first) as [string, string];
const networkOf = (address: string) => address.replace(/\.\d+$/, '.0/24');
const sidesOf = ({ watched }: Talk) => (watched === 'both' ? (['client', 'server'] as const) : [watched]);

/** @param first the id of host 0. @param at_ns of the first row */
export function rowsOf(talks: readonly Talk[], first: bigint, at_ns: bigint): { connection: RowValues[]; sample: RowValues[] } {
  const rows = { connection: [] as RowValues[], sample: [] as RowValues[] };
  for (const [id, one] of talks.entries()) {
    const [client_addr, server_addr] = addressesOf(one, first);
    for (const side of sidesOf(one)) {
      const ends =
        side === 'client'
          ? { local_addr: client_addr, local_port: one.client_port, peer_addr: server_addr, peer_port: one.port }
          : { local_addr: server_addr, local_port: one.port, peer_addr: client_addr, peer_port: one.client_port };
      const { comm, samples } = one[side];
      const head = {
        host_id: first + BigInt(one[`${side}_host`]),
        connection_id: 2 * id + (side === 'client' ? 0 : 1) + 1,
        comm,
        role: ROLE.indexOf(side),
        time_ns: at_ns + BigInt(id) * 1_000_000n,
        ...ends,
      };
      if (one.fate !== 'failed')
        for (const [at, figures] of samples.entries())
          rows.sample.push({ ...head, ...figures, retrans: figures.retrans_data, time_ns: head.time_ns + BigInt(at + 1) * 1000n });
      const event = { open: 'open', failed: 'failed', reset: 'close' }[one.fate] as (typeof EVENT)[number];
      const reason = { open: 'none', failed: 'refused', reset: side === 'client' ? 'rst_received' : 'rst_sent' } as const;
      rows.connection.push({
        ...head,
        event: EVENT.indexOf(event),
        end_reason: END_REASON.indexOf(reason[one.fate]),
        time_ns: head.time_ns + (one.fate === 'reset' ? 9000n : 0n),
      });
    }
  }
  return rows;
}

const total = (of: readonly Sent[], name: keyof Sent) => of.reduce((sum, one) => sum + one[name], 0);

/** As the engine has it: between the two nearest. */
function p99(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const place = 0.99 * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return low === undefined || high === undefined ? null : low + (high - low) * (place - Math.floor(place));
}

/** What is true of the connections, by who talks to whom. */
export function edgesOf(talks: readonly Talk[], first: bigint) {
  /** The newest of which both ends tell, between the same addresses. */
  const known = (one: Talk) =>
    talks.findLast(
      ({ watched, way, client_host, server_host, port }) =>
        watched === 'both' && way === one.way && client_host === one.client_host && server_host === one.server_host && port === one.port,
    );
  const node = (one: Talk, side: 'client' | 'server') =>
    (sidesOf(one) as readonly string[]).includes(side)
      ? `${first + BigInt(one[`${side}_host`])} ${one[side].comm}`
      : side === 'server' && known(one) !== undefined
        ? `${first + BigInt(one.server_host)} ${known(one)?.server.comm}`
        : networkOf(addressesOf(one, first)[side === 'client' ? 0 : 1]);
  const groups = Map.groupBy(talks, (one) => `${node(one, 'client')} → ${node(one, 'server')} :${one.port}`);
  return [...groups].map(([edge, all]) => {
    const told = (one: Talk, side: 'client' | 'server') =>
      (sidesOf(one) as readonly string[]).includes(side) && one.fate !== 'failed' ? one[side].samples : [];
    const preferred = all.flatMap((one) => told(one, sidesOf(one)[0] ?? 'client'));
    const each = all.flatMap((one) => [...told(one, 'client'), ...told(one, 'server')]);
    const rtts = (side: 'client' | 'server') =>
      all.flatMap((one) => told(one, side)).flatMap(({ srtt_us }) => (srtt_us > 0 ? [srtt_us] : []));
    const segments = total(each, 'data_segs_out');
    return {
      edge,
      both_ends: all.some(({ watched }) => watched === 'both'),
      connections: all.length,
      open: all.filter(({ fate }) => fate === 'open').length,
      failed: all.filter(({ fate }) => fate === 'failed').length,
      resets: all.filter(({ fate }) => fate === 'reset').length,
      bytes: total(preferred, 'bytes_sent') + total(preferred, 'bytes_received'),
      data_segs_out: segments,
      lost_ratio: segments === 0 ? null : Math.max(0, total(each, 'retrans_data') - total(each, 'retrans_spurious')) / segments,
      rtt_p99_us: p99(rtts('client')) ?? p99(rtts('server')),
    };
  });
}
