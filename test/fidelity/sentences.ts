// What a person reads about the connections of one side: its rows, put into the form in which the store gives them.
import { findingsOf } from '../../dashboards/views/connection/findings.ts';
import type { Connection, Retransmit } from '../../server/api.ts';
import type { Event, Head, Sample, Transition } from '../../server/storage/queries/connection-chapters.ts';
import { storyOf } from '../../server/storage/queries/connection-story.ts';
import type { SideSeen } from './scenario.ts';
import { sum } from './views.ts';

type OfRow = { time_ns: bigint; netns: bigint; cgroup_id: bigint };
type Times = Record<'busy_us' | 'rwnd_limited_us' | 'sndbuf_limited_us' | 'local_limited_us' | 'interval_us', number>;

const headOf = <Row extends OfRow>(row: Row) => ({
  ...row,
  time_ms: Number(row.time_ns) / 1e6,
  netns: String(row.netns),
  cgroup_id: String(row.cgroup_id),
});
const timesOf = ({ interval_us, ...times }: Times) => ({ ...times, sampled_us: interval_us });
const toldOf = <Row extends OfRow>(row: Row) => ({ ...row, time_ns: String(row.time_ns) });

/** Every connection's story. `ports_used` needs the rows of others, which only the store has together. */
export function storiesOf({ rows }: SideSeen): Connection[] {
  const ids = [...new Set(rows.connection.map((row) => row.connection_id))];
  return ids.flatMap((id) => {
    const own = <Row extends { connection_id: bigint; time_ns: bigint }>(all: readonly Row[]) =>
      all.filter((row) => row.connection_id === id).sort((a, b) => Number(a.time_ns - b.time_ns));
    const story = storyOf({
      events: own(rows.connection).map(
        (row): Event => ({
          ...headOf(row),
          ...timesOf({
            busy_us: row.busy_us_rest,
            rwnd_limited_us: row.rwnd_limited_us_rest,
            sndbuf_limited_us: row.sndbuf_limited_us_rest,
            local_limited_us: row.local_limited_us_rest,
            interval_us: row.interval_us_rest,
          }),
        }),
      ),
      transitions: own(rows.state_change).map((row): Transition & Head => headOf(row)),
      samples: own(rows.sample).map((row): Sample => ({ ...headOf(row), ...timesOf(row) })),
      retransmits: own(rows.retransmit).map((row) => ({ ...toldOf(row), host: '' }) as unknown as Retransmit),
      resets: own(rows.reset).map(toldOf),
      drops: own(rows.drop).map(toldOf),
      congestion: own(rows.congestion).map(toldOf),
    });
    const out_no_routes = sum(rows.namespace.map((row) => row.out_no_routes));
    const unnamed = { host_id: '0', connection_id: String(id), host: '', container: '', command: '' };
    return story ? [{ ...unnamed, ...story, ports_used: null, alike: null, out_no_routes, other_end: null, peer_said: null }] : [];
  });
}

/** Whose doing it is and in which words, of all connections of a side, with ordinary spaces. */
export const sentencesOf = (seen: SideSeen): string[] =>
  storiesOf(seen)
    .flatMap(findingsOf)
    .map(({ whose, words }) => `${whose}: ${words.replaceAll('\u202f', ' ')}`);
