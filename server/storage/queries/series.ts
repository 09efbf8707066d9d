// From sums a step to the figures that are shown: rates, ratios, and gaps where nothing was measured.
import { type Range, type Series, STACKED_CLASSES, type Tiles } from '../../api.ts';
import { type Figure, RETRANS_FIGURES } from '../figures.ts';
import type { Window } from './window.ts';

export type Quantiles = [p50: number | null, p99: number | null];

/** Figures that are shown whatever a range asks for. */
const ALWAYS_SHOWN = [
  ...RETRANS_FIGURES,
  'opened',
  'connected',
  'failed',
  'resets',
  'resets_sent',
  'resets_received',
  'data_segs_out',
  'dropped',
  'spurious',
] as const satisfies readonly Figure[];

/** One step's sums. */
export type Sums = Record<(typeof ALWAYS_SHOWN)[number], number> & Partial<Record<ScopeFigure, number>>;

/** `recent_` reaches back over a sweep where the step is shorter; `range_rtt` is the same in every step. */
export type Step = Sums & {
  /** start of the step, s */
  time_s: number;
  /** stored rows behind the figures */
  rows: number;
  recent_data_retrans: number;
  recent_data_segs_out: number;
  recent_rtt: Quantiles;
  range_rtt: Quantiles;
};

/**
 * Retransmitted over sent *data* segments, as the kernel counts both: SYN and SYN-ACK carry none and are left out. Sent ones
 * are sampled, so a burst can run ahead of its samples: never above 1. Null without data segments.
 */
export function retransmitRatio(data_retrans: number, data_segs_out: number): number | null {
  return data_segs_out > 0 ? Math.min(1, data_retrans / data_segs_out) : null;
}

/** Whose figures of accept queues, and of what no row explains, a range asks for. */
export type Scope = 'hosts' | 'listeners' | 'peer';

/** Namespaces know neither processes nor ports, listeners know no peers. */
export function scopeOf({ comm, port, peer_addr }: Range): Scope {
  if (peer_addr !== undefined) return 'peer';
  return comm === undefined && port === undefined ? 'hosts' : 'listeners';
}

/** What is shown for some scopes only. */
const OF_SCOPE = {
  hosts: ['namespace_rows', 'listen_overflows', 'host_unattributed'],
  listeners: ['listener_rows', 'listener_drops'],
  peer: [],
} as const satisfies Record<Scope, readonly Figure[]>;
type ScopeFigure = (typeof OF_SCOPE)[Scope][number];
type Shown = (typeof ALWAYS_SHOWN)[number] | ScopeFigure;

export const shownFigures = (scope: Scope): readonly Figure[] => [...ALWAYS_SHOWN, ...OF_SCOPE[scope]];

/** Rows that show that somebody looked, and what they counted: no row is not none refused. */
const ACCEPT_QUEUES = {
  hosts: { looked: 'namespace_rows', refused: 'listen_overflows' },
  listeners: { looked: 'listener_rows', refused: 'listener_drops' },
  peer: undefined,
} as const satisfies Record<Scope, { looked: ScopeFigure; refused: ScopeFigure } | undefined>;

export type Told = { span_s: number; scope: Scope; watched: boolean; completeness: number | null };

/** Figures of the whole range. Rates are null unless somebody was there to see. */
export function tilesOf(steps: readonly Step[], { span_s, scope, watched, completeness }: Told): Tiles {
  const total = (figure: 'rows' | Shown) => steps.reduce((sum, step) => sum + (step[figure] ?? 0), 0);
  const seen = watched || total('rows') > 0;
  const perSecond = (count: number) => (seen ? count / span_s : null);
  const queues = ACCEPT_QUEUES[scope];
  const failed = total('failed');
  const attempted = failed + total('connected');
  const [rtt_p50_us, rtt_p99_us] = steps[0]?.range_rtt ?? [null, null];
  return {
    connections_per_s: perSecond(total('opened')),
    retransmit_ratio: retransmitRatio(dataRetrans(total), total('data_segs_out')),
    rtt_p50_us,
    rtt_p99_us,
    failed_ratio: attempted > 0 ? failed / attempted : null,
    failed,
    resets_per_s: perSecond(total('resets')),
    accept_overflows: queues !== undefined && total(queues.looked) > 0 ? total(queues.refused) : null,
    dropped: total('dropped'),
    spurious: total('spurious'),
    unattributed: scope === 'hosts' && total('namespace_rows') > 0 ? total('host_unattributed') : null,
    completeness,
  };
}

/** Retransmitted segments of the classes that carry data. */
export function dataRetrans(total: (figure: (typeof RETRANS_FIGURES)[number]) => number): number {
  const classes = STACKED_CLASSES.filter((name) => name !== 'syn' && name !== 'syn_ack');
  return classes.reduce((sum, name) => sum + total(`retrans_${name}`), 0);
}

/** Rows are on their way for up to a second: a step is told once that is little beside it, lest each one begin with a dip. */
const UNDER_WAY_S = 1;
const TOLD_AFTER_S = 10;

/** @param watched starts of steps in which an agent reported, s */
export function seriesOf(
  all: readonly Step[],
  { to_ms, step_s }: Window,
  { watched, scope }: { watched: ReadonlySet<number>; scope: Scope },
  now_ms: number,
): Series {
  const age_s = Math.min(step_s + UNDER_WAY_S, TOLD_AFTER_S);
  const steps = all.filter(({ time_s }) => now_ms / 1000 - time_s >= age_s);
  // The last step may have only begun.
  const seconds = ({ time_s }: Step) => Math.max(1, Math.min(step_s, to_ms / 1000 - time_s));
  const seen = (step: Step) => step.rows > 0 || watched.has(step.time_s);
  const perSecond = (figure: (typeof ALWAYS_SHOWN)[number]) => steps.map((step) => (seen(step) ? step[figure] / seconds(step) : null));
  const queues = ACCEPT_QUEUES[scope];
  const looked = queues !== undefined && steps.some((step) => (step[queues.looked] ?? 0) > 0);
  return {
    time_s: steps.map(({ time_s }) => time_s),
    connections_per_s: perSecond('opened'),
    failed_per_s: perSecond('failed'),
    resets_per_s: perSecond('resets'),
    resets_sent_per_s: perSecond('resets_sent'),
    resets_received_per_s: perSecond('resets_received'),
    dropped_per_s: perSecond('dropped'),
    accept_overflows: steps.map((step) => (queues !== undefined && looked && seen(step) ? (step[queues.refused] ?? 0) : null)),
    retransmit_ratio: steps.map((step) => retransmitRatio(step.recent_data_retrans, step.recent_data_segs_out)),
    retransmits_per_s: Object.fromEntries(STACKED_CLASSES.map((name) => [name, perSecond(`retrans_${name}`)])),
    rtt_p50_us: steps.map(({ recent_rtt }) => recent_rtt[0]),
    rtt_p99_us: steps.map(({ recent_rtt }) => recent_rtt[1]),
  };
}
