// From rows to metrics. Reads the few members it needs at their offsets.
import type { Attributes, Meter } from '@opentelemetry/api';
import {
  CONGESTION_AT,
  CONNECTION_AT,
  DIRECTION,
  DROP_AT,
  EVENT,
  HEAD_AT,
  KINDS,
  type Kind,
  LISTENER_AT,
  NAMESPACE_AT,
  OUTCOME,
  RESET_AT,
  RETRANSMIT_AT,
  readText,
  SAMPLE_AT,
  STATE,
} from '../../bpf/rows.gen.ts';
import type { ConnectionAttributes } from './connection-attributes.ts';
import {
  ATTRIBUTED,
  CA_STATE_ATTRIBUTES,
  CLASS_ATTRIBUTES,
  EVENT_ATTRIBUTES,
  HOST,
  IO_DIRECTION,
  LIMIT,
  REFUSED,
} from './metric-attributes.ts';
import { ReasonAttributes } from './reason-attributes.ts';
import { type Gauges, gaugesOf, type Tallies, talliesOf } from './tallies.ts';

const US_PER_S = 1e6;
const US_PER_MS = 1000;
const NAME_BYTES = 32;
const WHOLE_HOST = 0n;

/** Boundaries for readers without exponential histograms, in seconds: from a LAN's round trip to a minute. */
const SHORT_S = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const LONG_S = [0.001, 0.01, 0.1, 1, 10, 60, 600, 3600, 86_400];

function histogramsOf(meter: Meter) {
  const histogram = (name: string, description: string, explicitBucketBoundaries: number[]) =>
    meter.createHistogram(name, { unit: 's', description, advice: { explicitBucketBoundaries } });
  return {
    rtt: histogram('system.network.tcp.rtt', 'Smoothed round-trip time, of live connections each sweep and at close', SHORT_S),
    duration: histogram('system.network.tcp.connection.duration', 'From the start of a connection to its close', LONG_S),
    handshake: histogram('system.network.tcp.handshake.duration', 'SYN to ESTABLISHED; on the server, SYN-ACK to its ACK', SHORT_S),
  };
}

/** Where an interval and its shares lie; a close has the same as what no sample has reported. */
type LimitsAt = { interval: number; busy: number; rwnd: number; sndbuf: number };
const SAMPLE_LIMITS = {
  interval: SAMPLE_AT.interval_us,
  busy: SAMPLE_AT.busy_us,
  rwnd: SAMPLE_AT.rwnd_limited_us,
  sndbuf: SAMPLE_AT.sndbuf_limited_us,
};
const REST_LIMITS = {
  interval: CONNECTION_AT.interval_us_rest,
  busy: CONNECTION_AT.busy_us_rest,
  rwnd: CONNECTION_AT.rwnd_limited_us_rest,
  sndbuf: CONNECTION_AT.sndbuf_limited_us_rest,
};

type Read = (view: DataView, at: number, connection: Attributes) => void;

/** The instruments, made from a meter; `record` reads whole rows of one kind. */
export class Instruments {
  readonly #attributes: ConnectionAttributes;
  readonly #histograms;
  readonly #tallies: Tallies;
  readonly #gauges: Gauges;
  readonly #resets = new ReasonAttributes('tcplens.reset.reason');
  readonly #drops = new ReasonAttributes('tcplens.drop.reason');

  constructor(meter: Meter, attributes: ConnectionAttributes) {
    this.#attributes = attributes;
    this.#histograms = histogramsOf(meter);
    this.#tallies = talliesOf(meter);
    this.#gauges = gaugesOf(meter);
  }

  /** Records whole rows of one kind. */
  record(kind: Kind, rows: Uint8Array): void {
    const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
    const { size } = KINDS[kind];
    const read = this.#readers[kind];
    if (read === undefined) return;
    for (let at = 0; at < rows.length; at += size) read(view, at, this.#attributesOf(kind, view, at));
    for (const tally of Object.values(this.#tallies)) tally.flush();
  }

  #attributesOf(kind: Kind, view: DataView, at: number): Attributes {
    if (kind === 'namespace') return HOST;
    return kind === 'listener' ? this.#attributes.readListener(view, at) : this.#attributes.read(view, at);
  }

  readonly #readers: Record<Kind, Read | undefined> = {
    retransmit: (view, at, connection) => {
      const segments = view.getUint32(at + RETRANSMIT_AT.segments, true);
      const type = CLASS_ATTRIBUTES[view.getUint8(at + RETRANSMIT_AT.class)] ?? CLASS_ATTRIBUTES[0];
      const refused = OUTCOME[view.getUint8(at + RETRANSMIT_AT.outcome)] === 'refused';
      (refused ? this.#tallies.refused : this.#tallies.retransmits).add(segments, connection, type);
    },
    connection: (view, at, connection) => {
      const event = EVENT[view.getUint8(at + CONNECTION_AT.event)] ?? 'open';
      if (event === 'open') this.#opened(view, at, connection);
      else this.#ended(view, at, connection);
    },
    state_change: undefined, // dwell times have no instrument
    sample: (view, at, connection) => {
      this.#recordRtt(view, at, connection);
      this.#io(view, connection, at + SAMPLE_AT.bytes_sent, at + SAMPLE_AT.bytes_received);
      this.#tallies.segments.add(view.getUint32(at + SAMPLE_AT.data_segs_out, true), connection);
      this.#limits(view, at, connection, SAMPLE_LIMITS);
    },
    reset: (view, at, connection) => {
      const direction = DIRECTION[view.getUint8(at + RESET_AT.direction)] ?? 'unknown';
      const refused = direction === 'received' && STATE[view.getUint8(at + HEAD_AT.state)] === 'syn_sent';
      const reason = readText(view, at + RESET_AT.reason, NAME_BYTES);
      this.#tallies.resets.add(1, connection, this.#resets.read(direction, reason, refused ? REFUSED : undefined));
    },
    congestion: (view, at, connection) => {
      this.#tallies.congestion.add(1, connection, CA_STATE_ATTRIBUTES[view.getUint8(at + CONGESTION_AT.new_ca_state)]);
    },
    drop: (view, at, connection) => {
      const direction = DIRECTION[view.getUint8(at + DROP_AT.direction)] ?? 'unknown';
      this.#tallies.drops.add(1, connection, this.#drops.read(direction, readText(view, at + DROP_AT.reason, NAME_BYTES)));
    },
    listener: (view, at, listener) => this.#listener(view, at, listener),
    namespace: (view, at, host) => this.#namespace(view, at, host),
  };

  #opened(view: DataView, at: number, connection: Attributes): void {
    if (view.getUint8(at + CONNECTION_AT.preexisting) !== 0) return;
    this.#tallies.connections.add(1, connection, EVENT_ATTRIBUTES[0]?.[0]);
    const connect_us = view.getUint32(at + CONNECTION_AT.connect_us, true);
    if (connect_us > 0) this.#histograms.handshake.record(connect_us / US_PER_S, connection);
  }

  /** The `_rest` members hold what no sample has reported, so each byte counts once. */
  #ended(view: DataView, at: number, connection: Attributes): void {
    const event = view.getUint8(at + CONNECTION_AT.event);
    const reason = view.getUint8(at + CONNECTION_AT.end_reason);
    this.#tallies.connections.add(1, connection, EVENT_ATTRIBUTES[event]?.[reason]);
    this.#tallies.unattributed.add(view.getUint32(at + CONNECTION_AT.unattributed, true), connection);
    this.#tallies.spurious.add(view.getUint32(at + CONNECTION_AT.retrans_spurious, true), connection);
    if (EVENT[event] === 'failed') return;
    this.#recordRtt(view, at, connection);
    if (view.getUint8(at + CONNECTION_AT.preexisting) === 0) {
      this.#histograms.duration.record(readU64(view, at + CONNECTION_AT.duration_us) / US_PER_S, connection);
    }
    this.#io(view, connection, at + CONNECTION_AT.bytes_sent_rest, at + CONNECTION_AT.bytes_received_rest);
    this.#tallies.segments.add(view.getUint32(at + CONNECTION_AT.data_segs_out_rest, true), connection);
    this.#limits(view, at, connection, REST_LIMITS);
  }

  #listener(view: DataView, at: number, listener: Attributes): void {
    const id = view.getBigUint64(at + HEAD_AT.connection_id, true);
    const interval_ms = readU64(view, at + LISTENER_AT.interval_us) / US_PER_MS;
    const u32 = (member: number) => view.getUint32(at + member, true);
    this.#gauges.accept_queue.set(id, u32(LISTENER_AT.accept_queue), listener, interval_ms);
    this.#gauges.accept_queue_limit.set(id, u32(LISTENER_AT.accept_queue_limit), listener, interval_ms);
    this.#tallies.accepted.add(u32(LISTENER_AT.accepted), listener);
    this.#tallies.listener_drops.add(u32(LISTENER_AT.drops), listener);
  }

  #namespace(view: DataView, at: number, host: Attributes): void {
    const netns = view.getBigUint64(at + HEAD_AT.netns, true);
    const interval_ms = readU64(view, at + NAMESPACE_AT.interval_us) / US_PER_MS;
    const u64 = (member: number) => readU64(view, at + member);
    const unattributed = u64(NAMESPACE_AT.unattributed);
    this.#tallies.overflows.add(u64(NAMESPACE_AT.listen_overflows), host);
    this.#tallies.zero_windows.add(u64(NAMESPACE_AT.to_zero_window), host);
    this.#tallies.host_retransmits.add(u64(NAMESPACE_AT.retrans_segs) - unattributed, host, ATTRIBUTED.yes);
    this.#tallies.host_retransmits.add(unattributed, host, ATTRIBUTED.no);
    this.#gauges.established.set(netns, view.getUint32(at + NAMESPACE_AT.curr_estab, true), host, interval_ms);
    this.#gauges.time_wait.set(netns, view.getUint32(at + NAMESPACE_AT.time_wait, true), host, interval_ms);
    // The kernel counts orphans once for the whole host: each namespace's row has the same number.
    this.#gauges.orphans.set(WHOLE_HOST, view.getUint32(at + NAMESPACE_AT.orphans, true), host, interval_ms);
  }

  #recordRtt(view: DataView, at: number, connection: Attributes): void {
    const srtt_us = view.getUint32(at + HEAD_AT.srtt_us, true);
    if (srtt_us > 0) this.#histograms.rtt.record(srtt_us / US_PER_S, connection);
  }

  #io(view: DataView, connection: Attributes, sent_at: number, received_at: number): void {
    this.#tallies.io.add(readU64(view, sent_at), connection, IO_DIRECTION.sent);
    this.#tallies.io.add(readU64(view, received_at), connection, IO_DIRECTION.received);
  }

  /** Splits an interval: what was not busy is the application's; busy without a full window or buffer, the network's. */
  #limits(view: DataView, at: number, connection: Attributes, limits: LimitsAt): void {
    const interval = readU64(view, at + limits.interval);
    // The kernel counts in jiffies, so busy can come out longer than the interval.
    const busy = Math.min(readU64(view, at + limits.busy), interval);
    const receiver = Math.min(readU64(view, at + limits.rwnd), busy);
    const sender = Math.min(readU64(view, at + limits.sndbuf), busy - receiver);
    const { time } = this.#tallies;
    time.add((interval - busy) / US_PER_S, connection, LIMIT.application);
    time.add(receiver / US_PER_S, connection, LIMIT.receiver);
    time.add(sender / US_PER_S, connection, LIMIT.sender);
    time.add((busy - receiver - sender) / US_PER_S, connection, LIMIT.network);
  }
}

/** As a number, without the BigInt in between: exact to 2^53, far beyond a connection's bytes. */
function readU64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}
