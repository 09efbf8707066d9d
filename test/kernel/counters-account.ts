// What the rows of one namespace say, and beside it what the kernel's counters say.
import type { Class } from '../../bpf/rows/rows.gen.ts';
import type { Collected } from '../support/collect.ts';

export const SIDES = ['client', 'server'] as const;
export type Side = (typeof SIDES)[number];

export const CLASSES = ['syn', 'fast', 'slow_start', 'timeouts', 'failed'] as const;

export const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

/** @param nstat - the namespace's counters since it was made */
export function accountOf(collected: Collected, netns: bigint, nstat: Record<string, number>) {
  const attempts = collected.rows.retransmit.filter((row) => row.netns === netns);
  const counted = attempts.filter((row) => row.outcome !== 'refused');
  const connections = collected.rows.connection.filter((row) => row.netns === netns && row.event !== 'open');
  const segments = (...classes: Class[]) => sum(counted.filter((row) => classes.includes(row.class)).map((row) => row.segments));
  // A timeout is counted whether its retransmission leaves or is refused, and once more when TCP gives up. Those of the
  // handshake that did leave are counted as SYN retransmissions too, and compared there.
  const rto = attempts.filter((row) => row.class === 'rto' || (row.class === 'syn' && row.outcome === 'refused')).length;
  const timeouts = rto + connections.filter((row) => row.sk_err === 110).length;
  const unattributed = (nstat['TcpRetransSegs'] ?? 0) - sum(counted.map((row) => row.segments));
  return {
    attempts: attempts.length,
    segments: sum(attempts.map((row) => row.segments)),
    rows: {
      unclassed: segments('unknown'),
      syn: segments('syn', 'syn_ack'),
      fast: segments('fast'),
      slow_start: segments('slow_start'),
      timeouts,
      failed: sum(counted.filter((row) => row.outcome === 'failed').map((row) => row.segments)),
    },
    kernel: {
      syn: nstat['TcpExtTCPSynRetrans'],
      fast: nstat['TcpExtTCPFastRetrans'],
      slow_start: nstat['TcpExtTCPSlowStartRetrans'],
      timeouts: (nstat['TcpExtTCPTimeouts'] ?? 0) - (nstat['TcpExtTCPSynRetrans'] ?? 0),
      failed: nstat['TcpExtTCPRetransFail'],
    },
    /** what the kernel counted and no retransmit row has; of it, what no connection's last row says of itself */
    unattributed,
    untold: unattributed - sum(connections.map((row) => row.unattributed)),
    refused: attempts.length - counted.length,
    tlp: segments('tlp'),
    probes: nstat['TcpExtTCPLossProbes'] ?? 0,
  };
}
