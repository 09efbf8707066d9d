// The kernel source beside some traffic: every row that was drained while it ran, decoded.
import { openKernel } from '../../agent/ring-source.ts';
import { KIND, KINDS, type Kind, type KindCounters, type Rows } from '../../bpf/rows.gen.ts';

export type Collected = {
  rows: { [Name in Kind]: Rows[Name][] };
  counters: Record<Kind, KindCounters>;
  /** cookie of a namespace by its `ip netns` name */
  netnsOf(name: string): bigint;
};

const HOST_ID = 0x7e57n;

/** Opens the kernel source, runs `traffic`, sweeps and drains throughout, closes. */
export async function collectRows(
  traffic: () => Promise<void>,
  options: { ring_bytes?: number; refuse?: string[] } = {},
): Promise<Collected> {
  const source = openKernel({ host_id: HOST_ID, ring_bytes: options.ring_bytes ?? 8 * 1024 * 1024, refuse: options.refuse ?? [] });
  const rows: Record<Kind, Rows[Kind][]> = { retransmit: [], connection: [], state_change: [], sample: [] };
  const buffer = Buffer.alloc(1024 * 1024);
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
  const names = new Map<string, bigint>();
  const drain = () => {
    for (const kind of KIND) {
      for (let bytes = source.drain(kind, buffer); bytes > 0; bytes = source.drain(kind, buffer)) {
        for (let at = 0; at < bytes; at += KINDS[kind].size) rows[kind].push(KINDS[kind].read(view, at));
      }
    }
  };
  const sweep = () => {
    source.sweep();
    for (const { name, netns } of source.netns()) names.set(name, BigInt(netns));
  };
  const draining = setInterval(drain, 50);
  const sweeping = setInterval(sweep, 1_000);
  try {
    await traffic();
    sweep();
    drain();
    return {
      rows: rows as Collected['rows'],
      counters: source.counters(),
      netnsOf: (name) => names.get(name) ?? 0n,
    };
  } finally {
    clearInterval(draining);
    clearInterval(sweeping);
    source.close();
  }
}
