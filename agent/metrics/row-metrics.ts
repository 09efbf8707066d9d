// Every metric that is made from a tally: name, unit and description. Names follow the open proposal for TCP in OpenTelemetry's semantic
// conventions (#3682) where that has one, and begin with tcplens elsewhere.
import { ValueType } from '@opentelemetry/api';

/** Bucket boundaries for readers without exponential histograms, in seconds: from a round trip in a LAN to a minute. */
const SHORT_S = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const LONG_S = [0.001, 0.01, 0.1, 1, 10, 60, 600, 3600, 86_400];

type Described = { name: string; unit: string; description: string; valueType: ValueType };
export type SumMetric = Described & { divisor: number };
export type HistogramMetric = Described & { boundaries_s: readonly number[] };

function sum(name: string, unit: string, description: string): SumMetric {
  return { name, unit, description, valueType: ValueType.INT, divisor: 1 };
}

const segments = (name: string, description: string) => sum(name, '{segment}', description);

/** A histogram in seconds of a member in microseconds. */
function seconds(name: string, description: string): SumMetric {
  return { name, unit: 's', description, valueType: ValueType.DOUBLE, divisor: 1e6 };
}

function histogram(name: string, description: string, boundaries_s: readonly number[]): HistogramMetric {
  return { name, unit: 's', description, valueType: ValueType.DOUBLE, boundaries_s };
}

export const SUMS = {
  retransmits: segments('system.network.tcp.retransmits', 'Segments retransmitted, as the kernel counts them (RetransSegs)'),
  refused: segments('tcplens.retransmits.refused', 'Segments whose retransmission never left TCP: the kernel counts them nowhere'),
  unattributed: segments('tcplens.retransmits.unattributed', 'Segments a closed connection retransmitted unseen by any program'),
  spurious: segments('tcplens.retransmits.spurious', 'Segments a closed connection retransmitted without need, by DSACK or undo'),
  segments: segments('tcplens.segments', 'Data segments sent, retransmissions included'),
  resets: segments('system.network.tcp.resets', 'RSTs sent and received'),
  drops: sum('tcplens.drops', '{packet}', 'TCP packets that this host dropped, with something missing then'),
  freed: sum(
    'tcplens.packets.freed',
    '{packet}',
    'TCP packets that this host freed undelivered with nothing missing: answered, duplicate, refused',
  ),
  congestion: sum('tcplens.congestion.changes', '{change}', 'Changes of the congestion state, by the state they led to'),
  connections: sum('tcplens.connections', '{connection}', 'Connections opened, closed, and connects that failed'),
  io: sum('tcplens.io', 'By', 'Payload sent (retransmissions included) and received'),
  time: seconds('tcplens.connection.time', 'Time of connections by what limited them'),
  folded: sum('tcplens.agent.rows.folded', '{row}', 'Rows whose metrics lack attributes, since there were too many combinations'),
} as const satisfies Record<string, SumMetric>;

export const HISTOGRAMS = {
  rtt: histogram('system.network.tcp.rtt', 'Smoothed round-trip time, of live connections each sweep and at close', SHORT_S),
  duration: histogram('system.network.tcp.connection.duration', 'From the start of a connection to its close', LONG_S),
  handshake: histogram('system.network.tcp.handshake.duration', 'SYN to ESTABLISHED; on the server, SYN-ACK to its ACK', SHORT_S),
} as const satisfies Record<string, HistogramMetric>;

export type SumName = keyof typeof SUMS;
export type HistogramName = keyof typeof HISTOGRAMS;
