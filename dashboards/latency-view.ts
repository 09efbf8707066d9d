// The part of a link that describes the page of latencies: the measure, and the pairs that are compared. Pure.
import type { ConnectionOrder } from './connections-view.ts';

type Measure = {
  label: string;
  meaning: string;
  /** unit of the count, as in `12 …` */
  of: string;
  /** at which end it is counted */
  end: string;
  /** `field`: the measure in the language of filters. `rows`: tests that select the counted rows. */
  field: string;
  rows: string;
  /** the order of the list of connections that fits best */
  order: ConnectionOrder;
};

/** Each is a distribution of the API, with quantiles `_p50` and `_p99`. */
export const MEASURES = {
  rtt: {
    label: 'round trip',
    meaning: 'smoothed round-trip time (tcpi_rtt), as of each sample and each end',
    of: 'round-trip times',
    end: 'at each end by itself',
    field: 'srtt',
    rows: '',
    order: 'srtt_us',
  },
  handshake: {
    label: 'handshake',
    meaning: 'from the first SYN to the connection being open',
    of: 'handshakes',
    end: 'at the end that asked for the connection',
    field: 'handshake',
    rows: 'not role = server',
    order: 'connect_us',
  },
  accept_wait: {
    label: 'accept wait',
    meaning: 'how long a ready connection waited until the server first read from it or wrote to it',
    of: 'ended connections',
    end: 'at the listening socket',
    field: 'accept_wait',
    rows: '',
    order: 'last_ms',
  },
  response: {
    label: 'response time',
    meaning: 'from a client’s write to the data that it read next, network included: the longest of each interval between samples',
    of: 'intervals',
    end: 'at the end that asked for the connection',
    field: 'turn',
    rows: 'not role = server',
    order: 'turn_max_us',
  },
  server_turn: {
    label: 'server’s turn',
    meaning: 'from data that came in to the server’s answer, without the network: the longest of each interval between samples',
    of: 'intervals',
    end: 'at the server',
    field: 'turn',
    rows: 'role = server',
    order: 'turn_max_us',
  },
} as const satisfies Record<string, Measure>;
export type MeasureName = keyof typeof MEASURES;
export const measureOf = (name: MeasureName): Measure => MEASURES[name];

/** The pairs in the table, as dimensions of the API. */
export const BETWEEN = {
  edges: { label: 'process and peer network', by: ['process', 'network', 'service_port'] },
  hosts: { label: 'host and host', by: ['host', 'peer_host'] },
  networks: { label: 'network and network', by: ['local_network', 'network'] },
} as const;
export type Between = keyof typeof BETWEEN;

export type LatencyView = { of: MeasureName; between: Between };
export const LATENCY_START: LatencyView = { of: 'rtt', between: 'edges' };
export const LATENCY_KEYS: readonly string[] = Object.keys(LATENCY_START);

const isMeasure = (text: string): text is MeasureName => Object.hasOwn(MEASURES, text);
const isBetween = (text: string): text is Between => Object.hasOwn(BETWEEN, text);

/** `problems`: what could not be used. */
export function parseLatencyView(params: URLSearchParams): { view: LatencyView; problems: string[] } {
  const problems: string[] = [];
  const latency = { ...LATENCY_START };
  const [of, between] = [params.get('of'), params.get('between')];
  if (of !== null) {
    if (isMeasure(of)) latency.of = of;
    else problems.push(`of=${of}: known are ${Object.keys(MEASURES).join(', ')}.`);
  }
  if (between !== null) {
    if (isBetween(between)) latency.between = between;
    else problems.push(`between=${between}: known are ${Object.keys(BETWEEN).join(', ')}.`);
  }
  return { view: latency, problems };
}

export function formatLatencyView({ of, between }: LatencyView, params: URLSearchParams): void {
  if (of !== LATENCY_START.of) params.set('of', of);
  if (between !== LATENCY_START.between) params.set('between', between);
}
