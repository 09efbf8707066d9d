// The plans of all kinds: which metrics rows become. A total mapping: a new kind does not compile until it is here.
import { DIRECTION, EVENT, type Kind, MEANING, OUTCOME, STATE } from '../../bpf/rows/rows.gen.ts';
import { known } from './buckets.ts';
import {
  CA_STATE_ATTRIBUTES,
  CLASS_ATTRIBUTES,
  EVENT_ATTRIBUTES,
  IO_DIRECTION,
  LIMIT,
  MEANING_ATTRIBUTES,
  REFUSED,
} from './metric-attributes.ts';
import { type Plan, type Point, plan } from './tally-plan.ts';

const outcome = { refused: OUTCOME.indexOf('refused') };
const event = { open: EVENT.indexOf('open'), close: EVENT.indexOf('close'), failed: EVENT.indexOf('failed') };
const lost = MEANING.indexOf('lost');
const syn_sent = STATE.indexOf('syn_sent');

const io = (sent: number, received: number): Point[] => [
  { sum: 'io', value: sent, attributes: IO_DIRECTION.sent },
  { sum: 'io', value: received, attributes: IO_DIRECTION.received },
];

type Times = Record<'interval' | 'busy' | 'receiver' | 'sender' | 'kept', number>;

/**
 * Splits an interval by what limited the connection: time that was not busy by the application; busy time without a full window or buffer by
 * this host while it could not send, else by the network. The kernel counts in jiffies, so busy time may exceed the interval and is cut to it.
 */
const limits = ({ interval, busy, receiver, sender, kept }: Times): Point[] => [
  { sum: 'time', value: interval - busy, attributes: LIMIT.application },
  { sum: 'time', value: receiver, attributes: LIMIT.receiver },
  { sum: 'time', value: sender, attributes: LIMIT.sender },
  { sum: 'time', value: Math.min(kept, busy - receiver - sender), attributes: LIMIT.host },
  { sum: 'time', value: Math.max(0, busy - receiver - sender - kept), attributes: LIMIT.network },
];

const retransmit = plan({
  kind: 'retransmit',
  by: ['class', 'outcome'],
  values: { segments: { of: 'segments' } },
  histograms: [],
  points: ({ by, values }) => [
    {
      sum: by.outcome === outcome.refused ? 'refused' : 'retransmits',
      value: values.segments,
      attributes: CLASS_ATTRIBUTES[by.class] ?? CLASS_ATTRIBUTES[0],
    },
  ],
});

/** The `_rest` members have what no sample has reported, so each byte counts once. */
const closed = plan({
  kind: 'connection',
  only: ['event', event.close],
  by: ['end_reason', 'preexisting'],
  values: {
    unattributed: { of: 'unattributed' },
    spurious: { of: 'retrans_spurious' },
    sent: { of: 'bytes_sent_rest' },
    received: { of: 'bytes_received_rest' },
    segments: { of: 'data_segs_out_rest' },
    interval: { of: 'interval_us_rest' },
    busy: { of: 'busy_us_rest', most: 'interval' },
    receiver: { of: 'rwnd_limited_us_rest', most: 'busy' },
    sender: { of: 'sndbuf_limited_us_rest', most: 'busy', less: 'receiver' },
    kept: { of: 'local_limited_us_rest', most: 'busy' },
  },
  histograms: ['srtt_us', 'duration_us'],
  points: ({ rows, by, values, histograms }) => [
    { sum: 'connections', value: rows, attributes: EVENT_ATTRIBUTES[event.close]?.[by.end_reason] },
    { sum: 'unattributed', value: values.unattributed },
    { sum: 'spurious', value: values.spurious },
    { sum: 'segments', value: values.segments },
    { histogram: 'rtt', value: known(histograms.srtt_us) },
    // The beginning of a connection that is older than the agent was not seen, so its duration is unknown.
    ...(by.preexisting === 0 ? [{ histogram: 'duration', value: histograms.duration_us } as const] : []),
    ...io(values.sent, values.received),
    ...limits(values),
  ],
});

const failed = plan({
  kind: 'connection',
  only: ['event', event.failed],
  by: ['end_reason'],
  values: { unattributed: { of: 'unattributed' }, spurious: { of: 'retrans_spurious' } },
  histograms: [],
  points: ({ rows, by, values }) => [
    { sum: 'connections', value: rows, attributes: EVENT_ATTRIBUTES[event.failed]?.[by.end_reason] },
    { sum: 'unattributed', value: values.unattributed },
    { sum: 'spurious', value: values.spurious },
  ],
});

/** The plan of rows that tell of an opening: open rows, and close rows of connections that had no open row. */
const openedBy = (only: readonly ['event' | 'tells_open', number]) =>
  plan({
    kind: 'connection',
    only,
    by: ['preexisting'],
    values: {},
    histograms: ['connect_us'],
    points: ({ rows, by, histograms }) =>
      by.preexisting !== 0
        ? []
        : [
            { sum: 'connections', value: rows, attributes: EVENT_ATTRIBUTES[event.open]?.[0] },
            { histogram: 'handshake', value: known(histograms.connect_us) },
          ],
  });

const sample = plan({
  kind: 'sample',
  by: [],
  values: {
    sent: { of: 'bytes_sent' },
    received: { of: 'bytes_received' },
    segments: { of: 'data_segs_out' },
    interval: { of: 'interval_us' },
    busy: { of: 'busy_us', most: 'interval' },
    receiver: { of: 'rwnd_limited_us', most: 'busy' },
    sender: { of: 'sndbuf_limited_us', most: 'busy', less: 'receiver' },
    kept: { of: 'local_limited_us', most: 'busy' },
  },
  histograms: ['srtt_us'],
  points: ({ values, histograms }) => [
    { histogram: 'rtt', value: known(histograms.srtt_us) },
    { sum: 'segments', value: values.segments },
    ...io(values.sent, values.received),
    ...limits(values),
  ],
});

const directionOf = (byte: number) => DIRECTION[byte] ?? 'unknown';
const because = (key: string, reason: string) => (reason === '' ? {} : { [key]: reason });

const reset = plan({
  kind: 'reset',
  by: ['direction', 'state'],
  reason: 'reason',
  values: {},
  histograms: [],
  points: ({ rows, by, reason }) => {
    const direction = directionOf(by.direction);
    const refused = direction === 'received' && by.state === syn_sent ? REFUSED : {};
    return [
      { sum: 'resets', value: rows, attributes: { ...IO_DIRECTION[direction], ...because('tcplens.reset.reason', reason), ...refused } },
    ];
  },
});

const congestion = plan({
  kind: 'congestion',
  by: ['new_ca_state'],
  values: {},
  histograms: [],
  points: ({ rows, by }) => [{ sum: 'congestion', value: rows, attributes: CA_STATE_ATTRIBUTES[by.new_ca_state] }],
});

const drop = plan({
  kind: 'drop',
  by: ['direction', 'meaning'],
  reason: 'reason',
  values: {},
  histograms: [],
  points: ({ rows, by, reason }) => {
    const attributes = { ...IO_DIRECTION[directionOf(by.direction)], ...because('tcplens.drop.reason', reason) };
    if (by.meaning === lost) return [{ sum: 'drops', value: rows, attributes }];
    return [{ sum: 'freed', value: rows, attributes: { ...attributes, ...MEANING_ATTRIBUTES[by.meaning] } }];
  },
});

/**
 * A row is aggregated by each plan of its kind whose condition holds. `by_row`: kinds with few rows a sweep, whose metrics are last values
 * (sweep-instruments.ts). `no_metric`: there is no metric of dwell times, and none of what only an investigation sees.
 */
const OF_KIND = {
  retransmit: [retransmit],
  connection: [closed, failed, openedBy(['event', event.open]), openedBy(['tells_open', 1])],
  state_change: 'no_metric',
  sample: [sample],
  reset: [reset],
  congestion: [congestion],
  drop: [drop],
  listener: 'by_row',
  namespace: 'by_row',
  progress: 'no_metric',
  packet: 'no_metric',
  stack: 'no_metric',
} as const satisfies Record<Kind, readonly Plan[] | 'by_row' | 'no_metric'>;

type KindsOf<What> = { [K in Kind]: (typeof OF_KIND)[K] extends What ? K : never }[Kind];
export type RowByRow = KindsOf<'by_row'>;

export function isRowByRow(kind: Kind): kind is RowByRow {
  return OF_KIND[kind] === 'by_row';
}

export const PLANS: readonly Plan[] = Object.values(OF_KIND).flatMap((plans) => (typeof plans === 'string' ? [] : plans));
