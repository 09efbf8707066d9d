// What tshark makes of a capture, beside what the rows of the side that sent say.
import type { Line } from './accounts.ts';
import { OTHER, type Scenario, type Seen, SIDES, type SideSeen } from './scenario.ts';
import type { Field, Frame } from './tshark.ts';
import { resetsSent, segments, sent, sum, unattributed } from './views.ts';

const isSyn = (frame: Frame) => frame['tcp.flags.syn'] === 'True' || frame['tcp.flags.syn'] === '1';
const isAck = (frame: Frame) => frame['tcp.flags.ack'] === 'True' || frame['tcp.flags.ack'] === '1';
const isReset = (frame: Frame) => frame['tcp.flags.reset'] === 'True' || frame['tcp.flags.reset'] === '1';
const has = (field: Field) => (frame: Frame) => frame[field] !== undefined;
/** In a capture at the sender nothing can have been reordered yet: a segment that is out of order was sent again. */
const isAgain = (frame: Frame) =>
  (['retransmission', 'fast_retransmission', 'spurious_retransmission', 'out_of_order'] as const).some((name) =>
    has(`tcp.analysis.${name}`)(frame),
  );

/** The longest time between two packets with payload that `from` sent on one connection, µs, of those below `below_us`. */
export function longestGapUs(from: SideSeen, frames: readonly Frame[] = [], below_us = Number.POSITIVE_INFINITY): number {
  return longestUs(
    frames.filter((frame) => isFrom(from, frame) && Number(frame['tcp.len']) > 0),
    below_us,
  );
}

/** The longest time in which `from` acknowledged nothing new on a connection, µs, of those below `below_us`. */
export function longestWaitUs(from: SideSeen, frames: readonly Frame[] = [], below_us = Number.POSITIVE_INFINITY): number {
  const acknowledged = new Map<string | undefined, number>();
  const news = frames.filter((frame) => {
    const { 'tcp.stream': stream, 'tcp.ack': ack } = frame;
    const isMore = isFrom(from, frame) && Number(ack) > (acknowledged.get(stream) ?? -1);
    if (isMore) acknowledged.set(stream, Number(ack));
    return isMore;
  });
  return longestUs(news, below_us);
}

function longestUs(frames: readonly Frame[], below_us: number): number {
  const streams = Map.groupBy(frames, (frame) => frame['tcp.stream']);
  const longest = [...streams.values()].flatMap((stream) => {
    const at_us = stream.map((frame) => Number(frame['frame.time_relative']) * 1e6);
    return at_us.slice(1).map((at, before) => at - (at_us[before] ?? at));
  });
  return Math.max(0, ...longest.filter((gap_us) => gap_us < below_us));
}

/** What all captures of a scenario say. */
export function captureLines({ id, path }: Scenario, seen: Seen): Line[] {
  const large = path.kind === 'veth' && path.offloads;
  return SIDES.flatMap((side) => {
    const frames = seen.captures[side];
    return frames ? [...sentLines(id, seen[side], frames, large), ...receivedLines(id, seen[OTHER[side]], frames)] : [];
  });
}

/** The capture of a host's own device beside what its rows say that it sent. `large`: its packets are not yet cut into segments. */
function sentLines(scenario: string, seen: SideSeen, frames: readonly Frame[], large: boolean): Line[] {
  const own = frames.filter((frame) => isFrom(seen, frame));
  const line = (counter: string, kernel: number, rows: number, differs = ''): Line => ({
    scenario,
    side: seen.side,
    source: 'tshark',
    counter,
    kernel,
    rows,
    namespace: undefined,
    allowed: unattributed(seen),
    exactly: false,
    apart: differs === '' ? 0 : undefined,
    why: differs,
  });
  const count = (...tests: ((frame: Frame) => boolean)[]) => own.filter((frame) => tests.every((test) => test(frame))).length;
  const notSyn = (frame: Frame) => !isSyn(frame);
  return [
    line(
      'SYN again',
      count(isSyn, (frame) => !isAck(frame), isAgain),
      segments(sent(seen), 'syn'),
    ),
    line('SYN-ACK again', count(isSyn, isAck, isAgain), segments(sent(seen), 'syn_ack')),
    line(
      'data again',
      count(notSyn, isAgain),
      segments(sent(seen), 'fast', 'slow_start', 'rto', 'tlp'),
      large ? 'a captured packet has up to 45 segments' : '',
    ),
    line(
      'fast_retransmission',
      count(notSyn, has('tcp.analysis.fast_retransmission')),
      segments(sent(seen), 'fast'),
      'tshark calls fast what follows 2 duplicate ACKs within 20 ms, at the hole they name; TCP all of Recovery',
    ),
    line('RST', count(isReset), resetsSent(seen).length),
    line(
      'keep_alive, zero_window_probe',
      count((frame) => has('tcp.analysis.keep_alive')(frame) || has('tcp.analysis.zero_window_probe')(frame)),
      probes(seen),
    ),
    line(
      'zero_window',
      count(has('tcp.analysis.zero_window')),
      sum(seen.rows.namespace.map((row) => Number(row.to_zero_window))),
      'tshark counts packets that say 0, the kernel windows that closed',
    ),
  ];
}

/** The capture at the receiving host: what came twice, beside what the sender's rows say was not needed. */
function receivedLines(scenario: string, sender: SideSeen, frames: readonly Frame[]): Line[] {
  const spurious = frames.filter((frame) => isFrom(sender, frame) && has('tcp.analysis.spurious_retransmission')(frame)).length;
  return [
    {
      scenario,
      side: sender.side,
      source: 'tshark',
      counter: "spurious_retransmission at the peer's",
      kernel: spurious,
      rows: sum(sender.rows.connection.map((row) => row.retrans_spurious)),
      namespace: undefined,
      allowed: 0,
      exactly: true,
      apart: undefined,
      why: 'tshark counts what was acknowledged before it came again; TCP learns of it only if a DSACK or timestamp comes back',
    },
  ];
}

const probes = ({ rows }: SideSeen): number => sum(rows.namespace.map((row) => Number(row.keepalives + row.win_probes)));

function isFrom({ netns }: SideSeen, frame: Frame): boolean {
  return frame['ip.src'] === netns.address.ipv4 || frame['ipv6.src'] === netns.address.ipv6;
}
