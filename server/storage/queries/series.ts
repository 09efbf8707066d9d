// Makes figures from the sums of each step: rates, ratios, and null where nothing was measured.
import { type Series, STACKED_CLASSES, type Tiles } from '../../api.ts';
import { type Figure, fold, RETRANS_FIGURES } from '../figures.ts';
import { conditionOf, placeOf, type StoredFilter } from '../language/condition.ts';
import { Params } from '../language/params.ts';
import type { Window } from './window.ts';

export type Quantiles = [p50: number | null, p99: number | null];

/** Figures that are shown for every range. */
const ALWAYS_SHOWN = [
  ...RETRANS_FIGURES,
  'retrans_fin',
  'opened',
  'connected',
  'failed',
  'attempts',
  'syn_resent',
  'resets',
  'resets_sent',
  'resets_received',
  'data_segs_out',
  'retrans_data',
  'spurious',
  'dropped',
] as const satisfies readonly Figure[];

/** The sums of one step. */
export type Sums = Record<(typeof ALWAYS_SHOWN)[number], number> & Partial<Record<ScopeFigure, number>>;

/** If steps are short, `recent` and `recent_rtt` also cover the time of a sweep before the step. `range_rtt` is the same in every step. */
export type Step = Sums & {
  /** start of the step, s */
  time_s: number;
  /** stored rows behind the figures */
  rows: number;
  recent: Sent;
  recent_rtt: Quantiles;
  range_rtt: Quantiles;
};

/** The sums of the retransmit ratio. They come from the same rows: samples and closes have all three. */
export type Sent = Record<'data_segs_out' | 'retrans_data' | 'spurious', number>;

/**
 * Lost data segments / sent data segments, as far as the sender can know. Lost are those that were sent again, without tail probes, SYNs,
 * FINs and needless ones. Sent includes those that were sent again, so the ratio is at most 1. Null where no data was sent.
 */
export function retransmitRatio({ data_segs_out, retrans_data, spurious }: Sent): number | null {
  return data_segs_out > 0 ? Math.max(0, retrans_data - spurious) / data_segs_out : null;
}

/** Which figures of accept queues and of unexplained retransmissions a range can have: those of hosts, those of listeners, or none. */
export type Scope = 'hosts' | 'listeners' | 'peer';

/** Namespaces have no process and no port, and listeners have no peer, so a filter of these excludes their figures. */
export function scopeOf(filter: StoredFilter): Scope {
  if (placeOf(filter).place === 'tiers') return 'hosts';
  return conditionOf(filter, 'listener', 'rows', new Params()) === 'false' ? 'peer' : 'listeners';
}

/** Figures that are shown for one scope only. */
const OF_SCOPE = {
  hosts: ['namespace_rows', 'listen_overflows', 'host_unattributed'],
  listeners: ['listener_rows', 'listener_overflows'],
  peer: [],
} as const satisfies Record<Scope, readonly Figure[]>;
type ScopeFigure = (typeof OF_SCOPE)[Scope][number];
type Shown = (typeof ALWAYS_SHOWN)[number] | ScopeFigure;

export const shownFigures = (scope: Scope): readonly Figure[] => [...ALWAYS_SHOWN, ...OF_SCOPE[scope]];

/** `looked`: number of rows. `refused`: their sum of refused connections, which is unknown if there are no rows. */
const ACCEPT_QUEUES = {
  hosts: { looked: 'namespace_rows', refused: 'listen_overflows' },
  listeners: { looked: 'listener_rows', refused: 'listener_overflows' },
  peer: undefined,
} as const satisfies Record<Scope, { looked: ScopeFigure; refused: ScopeFigure } | undefined>;

/** `watched_s`: how long an agent reported, s. */
export type Told = { scope: Scope; watched_s: number } & Pick<Tiles, 'completeness' | 'incomplete'>;

/** Figures of the whole range. Rates are per second in which an agent reported; null if none did. @param series of the same steps */
export function tilesOf(steps: readonly Step[], series: Series, window: Window, told: Told): Tiles {
  const { scope, watched_s, completeness, incomplete } = told;
  const total = (figure: Shown) => steps.reduce((sum, step) => fold(figure, sum, step[figure] ?? 0), 0);
  const seen = watched_s > 0 || steps.some(({ rows }) => rows > 0);
  const perSecond = (count: number) => (seen ? count / ratesOf(watched_s, window) : null);
  const queues = ACCEPT_QUEUES[scope];
  const failed = total('failed');
  const connects = failed + total('connected');
  const attempts = total('attempts');
  const [rtt_p50_us, rtt_p99_us] = steps[0]?.range_rtt ?? [null, null];
  const sent = { data_segs_out: total('data_segs_out'), retrans_data: total('retrans_data'), spurious: total('spurious') };
  return {
    connections_per_s: perSecond(total('opened')),
    retransmit_ratio: retransmitRatio(sent),
    data_segs_out: sent.data_segs_out,
    resent: {
      data: sent.retrans_data,
      spurious: Math.min(sent.spurious, sent.retrans_data),
      probes: total('retrans_tlp'),
      fins: total('retrans_fin'),
      syns: total('retrans_syn') + total('retrans_syn_ack'),
    },
    rtt_p50_us,
    rtt_p99_us,
    attempts,
    syn_ratio: attempts > 0 ? total('syn_resent') / attempts : null,
    failed_ratio: connects > 0 ? failed / connects : null,
    failed,
    resets_per_s: perSecond(total('resets')),
    rsts_per_s: perSecond(total('resets_sent') + total('resets_received')),
    accept_overflows: queues !== undefined && total(queues.looked) > 0 ? total(queues.refused) : null,
    dropped: total('dropped'),
    unattributed: scope === 'hosts' && total('namespace_rows') > 0 ? total('host_unattributed') : null,
    completeness,
    incomplete,
    latest: latestOf(series, window),
  };
}

/** The time that rates are divided by, s: that in which an agent reported, or the whole range if there are rows without reports. */
export const ratesOf = (watched_s: number, { from_ms, to_ms }: Pick<Window, 'from_ms' | 'to_ms'>): number =>
  watched_s > 0 ? watched_s : (to_ms - from_ms) / 1000;

const LATEST = [
  'connections_per_s',
  'retransmit_ratio',
  'rtt_p50_us',
  'rtt_p99_us',
  'syns_resent_per_s',
  'failed_per_s',
  'resets_per_s',
  'accept_overflows',
] as const satisfies readonly (keyof Tiles['latest'])[];

/** The figures of the last complete step, shown as the present ones. */
function latestOf(series: Series, { step_s, to_ms }: Window): Tiles['latest'] {
  const at = series.time_s.findLastIndex((time_s) => (time_s + step_s) * 1000 <= to_ms);
  return Object.fromEntries(LATEST.map((name) => [name, series[name][at] ?? null])) as Tiles['latest'];
}

/**
 * Rows take up to a second to arrive, and a step without all of its rows would show a dip. So a step is shown a second after its end, or
 * TOLD_AFTER_S after its start if that is sooner: a second is little of so long a step.
 */
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
  // The last step may have begun just now.
  const seconds = ({ time_s }: Step) => Math.max(1, Math.min(step_s, to_ms / 1000 - time_s));
  const seen = (step: Step) => step.rows > 0 || watched.has(step.time_s);
  const perSecond = (...figures: (typeof ALWAYS_SHOWN)[number][]) =>
    steps.map((step) => (seen(step) ? figures.reduce((sum, name) => sum + step[name], 0) / seconds(step) : null));
  const queues = ACCEPT_QUEUES[scope];
  const looked = queues !== undefined && steps.some((step) => (step[queues.looked] ?? 0) > 0);
  return {
    time_s: steps.map(({ time_s }) => time_s),
    connections_per_s: perSecond('opened'),
    failed_per_s: perSecond('failed'),
    syns_resent_per_s: perSecond('retrans_syn', 'retrans_syn_ack'),
    resets_per_s: perSecond('resets'),
    resets_sent_per_s: perSecond('resets_sent'),
    resets_received_per_s: perSecond('resets_received'),
    dropped_per_s: perSecond('dropped'),
    accept_overflows: steps.map((step) => (queues !== undefined && looked && seen(step) ? (step[queues.refused] ?? 0) : null)),
    retransmit_ratio: steps.map(({ recent }) => retransmitRatio(recent)),
    retransmits_per_s: Object.fromEntries(STACKED_CLASSES.map((name) => [name, perSecond(`retrans_${name}`)])),
    rtt_p50_us: steps.map(({ recent_rtt }) => recent_rtt[0]),
    rtt_p99_us: steps.map(({ recent_rtt }) => recent_rtt[1]),
  };
}
