// Metrics of the rows of which a sweep has few: listeners and network namespaces. Reads the members that it needs at their offsets.
import { type Attributes, type Counter, type Meter, ValueType } from '@opentelemetry/api';
import { HEAD_AT, KINDS, LISTENER_AT, NAMESPACE_AT, STATE } from '../../bpf/rows/rows.gen.ts';
import type { ConnectionAttributes } from './connection-attributes.ts';
import { LastKnown } from './last-known.ts';
import { ATTRIBUTED, HOST } from './metric-attributes.ts';
import type { RowByRow } from './tally-plans.ts';

const US_PER_MS = 1000;
const WHOLE_HOST = 0n;

function countersOf(meter: Meter) {
  const counter = (name: string, unit: string, description: string) =>
    meter.createCounter(name, { unit, description, valueType: ValueType.INT });
  return {
    accepted: counter('tcplens.listener.accepted', '{connection}', 'Connections that reached a listener'),
    listener_drops: counter(
      'tcplens.listener.drops',
      '{packet}',
      'Packets a listener dropped for any reason (sk_drops); the kernel counts some twice',
    ),
    overflows: counter('tcplens.listener.overflows', '{connection}', 'Accept queue overflows of the host (ListenOverflows)'),
    host_retransmits: counter(
      'tcplens.host.retransmits',
      '{segment}',
      'RetransSegs of all network namespaces; unattributed: no row says why',
    ),
    zero_windows: counter('tcplens.host.zero_windows', '{event}', 'Times this host closed a receive window (TCPToZeroWindowAdv)'),
  };
}

function gaugesOf(meter: Meter) {
  const gauge = (name: string, unit: string, description: string) =>
    new LastKnown(meter.createObservableGauge(name, { unit, description, valueType: ValueType.INT }));
  return {
    accept_queue: gauge('tcplens.listener.accept_queue', '{connection}', 'Connections that wait for accept()'),
    accept_queue_limit: gauge('tcplens.listener.accept_queue.limit', '{connection}', 'Connections that may wait for accept()'),
    established: gauge('tcplens.host.sockets.established', '{socket}', 'Sockets in ESTABLISHED or CLOSE_WAIT'),
    time_wait: gauge('tcplens.host.sockets.time_wait', '{socket}', 'Sockets in TIME_WAIT'),
    orphans: gauge('tcplens.host.sockets.orphan', '{socket}', 'Sockets that no process holds any more'),
  };
}

type Read = (view: DataView, at: number) => void;

export class SweepInstruments {
  readonly #attributes: ConnectionAttributes;
  readonly #counters;
  readonly #gauges;

  constructor(meter: Meter, attributes: ConnectionAttributes) {
    this.#attributes = attributes;
    this.#counters = countersOf(meter);
    this.#gauges = gaugesOf(meter);
  }

  /** Records whole rows of one kind. */
  record(kind: RowByRow, rows: Uint8Array): void {
    const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength);
    const read = this.#readers[kind];
    for (let at = 0; at < rows.length; at += KINDS[kind].size) read(view, at);
  }

  readonly #readers: Record<RowByRow, Read> = {
    listener: (view, at) => {
      const listener = this.#attributes.readListener(view, at);
      const id = view.getBigUint64(at + HEAD_AT.connection_id, true);
      const interval_ms = readU64(view, at + LISTENER_AT.interval_us) / US_PER_MS;
      const u32 = (member: number) => view.getUint32(at + member, true);
      const { accept_queue, accept_queue_limit } = this.#gauges;
      if (STATE[view.getUint8(at + HEAD_AT.state)] === 'close') {
        accept_queue.forget(id);
        accept_queue_limit.forget(id);
      } else {
        accept_queue.set(id, u32(LISTENER_AT.accept_queue), listener, interval_ms);
        accept_queue_limit.set(id, u32(LISTENER_AT.accept_queue_limit), listener, interval_ms);
      }
      add(this.#counters.accepted, u32(LISTENER_AT.accepted), listener);
      add(this.#counters.listener_drops, u32(LISTENER_AT.drops), listener);
    },
    namespace: (view, at) => {
      const netns = view.getBigUint64(at + HEAD_AT.netns, true);
      const interval_ms = readU64(view, at + NAMESPACE_AT.interval_us) / US_PER_MS;
      const u64 = (member: number) => readU64(view, at + member);
      const unattributed = u64(NAMESPACE_AT.unattributed);
      add(this.#counters.overflows, u64(NAMESPACE_AT.listen_overflows), HOST);
      add(this.#counters.zero_windows, u64(NAMESPACE_AT.to_zero_window), HOST);
      add(this.#counters.host_retransmits, u64(NAMESPACE_AT.retrans_segs) - unattributed, { ...HOST, ...ATTRIBUTED.yes });
      add(this.#counters.host_retransmits, unattributed, { ...HOST, ...ATTRIBUTED.no });
      this.#gauges.established.set(netns, view.getUint32(at + NAMESPACE_AT.curr_estab, true), HOST, interval_ms);
      this.#gauges.time_wait.set(netns, view.getUint32(at + NAMESPACE_AT.time_wait, true), HOST, interval_ms);
      // The kernel counts orphans for the whole host: the rows of all namespaces have the same number.
      this.#gauges.orphans.set(WHOLE_HOST, view.getUint32(at + NAMESPACE_AT.orphans, true), HOST, interval_ms);
    },
  };
}

/** A series begins with the first event. */
function add(counter: Counter, value: number, attributes: Attributes): void {
  if (value !== 0) counter.add(value, attributes);
}

/** A 64-bit member as a number, without making a BigInt: exact up to 2^53. */
function readU64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
}
