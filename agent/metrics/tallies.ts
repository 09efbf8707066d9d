// Every counter and gauge: name, unit and what it counts. Names follow the open proposal for TCP in OpenTelemetry's
// semantic conventions (#3682) where that has one, and begin with tcplens elsewhere.
import { type Meter, ValueType } from '@opentelemetry/api';
import { Tally } from '../tally.ts';
import { LastKnown } from './last-known.ts';

export type Tallies = ReturnType<typeof talliesOf>;

export function talliesOf(meter: Meter) {
  const tally = (name: string, unit: string, description: string, valueType = ValueType.INT) =>
    new Tally(meter.createCounter(name, { unit, description, valueType }));
  const segments = (name: string, description: string) => tally(name, '{segment}', description);
  return {
    retransmits: segments('system.network.tcp.retransmits', 'Segments retransmitted, as the kernel counts them (RetransSegs)'),
    refused: segments('tcplens.retransmits.refused', 'Segments whose retransmission never left TCP: the kernel counts them nowhere'),
    unattributed: segments('tcplens.retransmits.unattributed', 'Segments a closed connection retransmitted unseen by any program'),
    spurious: segments('tcplens.retransmits.spurious', 'Segments a closed connection retransmitted without need, by DSACK or undo'),
    segments: segments('tcplens.segments', 'Data segments sent, retransmissions included'),
    resets: segments('system.network.tcp.resets', 'RSTs sent and received'),
    drops: tally('tcplens.drops', '{packet}', 'TCP packets that this host dropped'),
    congestion: tally('tcplens.congestion.changes', '{change}', 'Changes of the congestion state, by the state they led to'),
    connections: tally('tcplens.connections', '{connection}', 'Connections opened, closed, and connects that failed'),
    io: tally('tcplens.io', 'By', 'Payload sent (retransmissions included) and received'),
    time: tally('tcplens.connection.time', 's', 'Time of connections by what limited them', ValueType.DOUBLE),
    accepted: tally('tcplens.listener.accepted', '{connection}', 'Connections that reached a listener'),
    listener_drops: tally('tcplens.listener.drops', '{connection}', 'Connections a listener refused: accept queue full, no memory'),
    overflows: tally('tcplens.listener.overflows', '{connection}', 'Accept queue overflows of the host (ListenOverflows)'),
    host_retransmits: segments('tcplens.host.retransmits', 'RetransSegs of all network namespaces; unattributed: no row says why'),
    zero_windows: tally('tcplens.host.zero_windows', '{event}', 'Times this host closed a receive window (TCPToZeroWindowAdv)'),
  };
}

export type Gauges = ReturnType<typeof gaugesOf>;

export function gaugesOf(meter: Meter) {
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
