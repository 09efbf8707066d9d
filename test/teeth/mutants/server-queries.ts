// What the store is asked.
import { type Mutant, mutantsOf, unit } from '../mutant.ts';

export const serverQueries: readonly Mutant[] = [
  ...mutantsOf('server/storage/queries/other-end.ts', [
    {
      why: 'half of the sequence numbers tell the other end',
      find: ' AND rcv_isn = {snd_isn:UInt32}',
      replace: '',
      suite: unit('server/storage/other-end.contract'),
    },
    {
      why: 'the other end’s times stay by its own clock',
      find: 'sent.at_ms - (clock?.ahead_ms ?? 0)',
      replace: 'sent.at_ms',
      suite: unit('server/storage/other-end.contract'),
    },
  ]),
  ...mutantsOf('server/storage/queries/limits.ts', [
    {
      why: 'the rest is the receiver',
      find: 'receiver: receiver_us / whole_us',
      replace: 'receiver: (busy_us - receiver_us) / whole_us',
      suite: unit('server/storage/queries'),
    },
    { why: 'more than the time', find: 'Math.max(sampled_us, busy_us)', replace: 'sampled_us', suite: unit('server/storage/queries') },
  ]),
  ...mutantsOf('server/storage/queries/window.ts', [
    {
      why: 'a step may be any',
      find: 'Math.floor(earliest / 1000 / step_s) * step_s * 1000',
      replace: 'earliest',
      suite: unit('server/storage/queries'),
    },
    {
      why: 'the end is in the range',
      find: 'AND time_ns < ${momentText(to_ms)}',
      replace: 'AND time_ns <= ${momentText(to_ms)}',
      suite: unit('server/storage/figures'),
    },
    {
      why: 'the beginning is not in the range',
      find: 'AND time_ns >= ${momentText(from_ms)}',
      replace: 'AND time_ns > ${momentText(from_ms)}',
      suite: unit('server/storage/figures'),
    },
    {
      why: 'one process among the others of an hour',
      find: "(place === 'minutes' ? SPAN_OF.rollup_1d : SPAN_OF.rollup_1h)",
      replace: 'SPAN_OF.rollup_1h',
      suite: unit('server/storage/queries'),
    },
    {
      why: 'a filter leaves all rows',
      find: "return condition === 'true' ? time : `${time} AND ${condition}`;",
      replace: 'return time;',
      suite: unit('server/storage/queries.contract'),
    },
  ]),
  ...mutantsOf('server/storage/language/condition.ts', [
    {
      why: 'a process is no filter',
      find: 'return within(column, ranges, (end) => `unhex(',
      replace: "return 'true' || within(column, ranges, (end) => `unhex(",
      suite: unit('server/storage/queries.contract'),
    },
    {
      why: 'of a filter for a host every host is asked for what it has lost, and when it was there',
      find: "return filter.fact === 'host_id' ? filter : {",
      replace: 'return {',
      suite: unit('server/storage/queries.contract'),
    },
    {
      why: 'an exact peer is answered by its network',
      find: "&& networksOf(leaf.ranges) === undefined) return 'rows'",
      replace: "&& networksOf(leaf.ranges) === undefined) return 'minutes'",
      suite: unit('server/storage/queries.contract'),
    },
    {
      why: 'a kind without the fact is as if it had it',
      find: "if (!factLayout(term.fact).kinds.has(kind)) return 'false';",
      replace: '',
      suite: unit('server/storage/language/condition'),
    },
    {
      why: 'a negation is none',
      find: 'return negated(of(term.term));',
      replace: 'return of(term.term);',
      suite: unit('server/storage/language/condition'),
    },
    {
      why: 'what is not of hosts narrows what is asked of them',
      find: "op: isNegated ? 'or' : 'and', terms: []",
      replace: "op: 'or', terms: []",
      suite: unit('server/storage/queries.contract'),
    },
  ]),
  ...mutantsOf('server/storage/language/names.ts', [
    {
      why: 'a host without the label has another value of it',
      find: 'of[label] === undefined ? []',
      replace: 'false ? []',
      suite: unit('server/storage/language/condition'),
    },
  ]),
  ...mutantsOf('server/storage/queries/cover.ts', [
    {
      why: 'hours of a day count twice',
      find: '.filter(({ start_s }) => !covered.has(start_s - (start_s % DAY_S)))',
      replace: '',
      suite: unit('server/storage/queries'),
    },
    {
      why: 'a piece at the edge is taken whole',
      find: 'piece.start_s >= from_s && piece.start_s + length_s <= to_s',
      replace: 'piece.start_s >= from_s',
      suite: unit('server/storage/queries'),
    },
  ]),
  ...mutantsOf('server/storage/queries/series.ts', [
    {
      why: 'a ratio may be below nothing',
      find: 'Math.max(0, retrans_data - spurious)',
      replace: '(retrans_data - spurious)',
      suite: unit('server/storage/series'),
    },
    {
      why: 'nobody looked is nothing happened',
      find: 'steps.map((step) => (seen(step) ? figures',
      replace: 'steps.map((step) => (step ? figures',
      suite: unit('server/storage/queries.contract'),
    },
    {
      why: 'failures are of all connections',
      find: 'failed / connects : null',
      replace: "failed / total('opened') : null",
      suite: unit('server/storage/queries.contract'),
    },
    {
      why: 'a rate of what is summed',
      find: 'seen ? count / ratesOf(watched_s, window) : null',
      replace: 'seen ? count : null',
      suite: unit('server/storage/queries.contract'),
    },
    {
      why: 'now is a step that goes on',
      find: '(time_s + step_s) * 1000 <= to_ms',
      replace: 'time_s * 1000 <= to_ms',
      suite: unit('server/storage/queries.contract'),
    },
  ]),
  ...mutantsOf('server/storage/queries/edges.ts', [
    {
      why: 'an edge without traffic is one',
      find: 'opened + closed + failed + sampled_us +',
      replace: '1 + opened +',
      suite: unit('server/storage/queries.contract'),
    },
    {
      why: 'sorted the wrong way',
      find: '${ORDER[sort]} DESC',
      replace: '${ORDER[sort]} ASC',
      suite: unit('server/storage/queries.contract'),
    },
    { why: 'refused attempts make no edge', find: ' + retrans_refused > 0', replace: ' > 0', suite: unit('server/storage/figures') },
  ]),
  ...mutantsOf('server/storage/queries/causes.ts', [
    {
      why: 'idle times of zero count',
      find: 'quantilesIf(0.5, 0.99)(idle_us, idle_us > 0)',
      replace: 'quantiles(0.5, 0.99)(idle_us)',
      suite: unit('server/storage/causes.contract'),
    },
    { why: 'every reset has unread bytes', find: 'countIf(unread > 0)', replace: 'count()', suite: unit('server/storage/causes.contract') },
    {
      why: 'bytes of drops are packets',
      find: 'sum(length) AS bytes',
      replace: 'count() AS bytes',
      suite: unit('server/storage/causes.contract'),
    },
  ]),
  ...mutantsOf('server/storage/queries/listeners.ts', [
    {
      why: 'the queue is that of any row',
      find: 'argMax(accept_queue, time_ns)',
      replace: 'any(accept_queue)',
      suite: unit('server/storage/causes.contract'),
    },
    {
      why: 'sockets that have gone still wait',
      find: 'if(sockets > 0 ? ${IS_OPEN} : n.1 = last_ms, n.${part}, 0)',
      replace: 'n.${part}',
      suite: unit('server/storage/causes.contract'),
    },
    {
      why: 'a listener whose last row has come is open',
      find: '${SWEEP_MS_MAX} AND n.5',
      replace: '${SWEEP_MS_MAX}',
      suite: unit('server/storage/listener-history.contract'),
    },
  ]),
  ...mutantsOf('server/storage/queries/retransmits.ts', [
    {
      why: 'the oldest come first',
      find: 'ORDER BY r.time_ns DESC`',
      replace: 'ORDER BY r.time_ns`',
      suite: unit('server/storage/queries.contract'),
    },
    {
      why: 'there are as many as are told',
      find: 'counted?.total ?? 0',
      replace: 'rows.length',
      suite: unit('server/storage/few-samples.contract'),
    },
  ]),
  ...mutantsOf('server/storage/queries/hosts.ts', [
    {
      why: 'a page begins where the last one ended',
      find: '(name, h.host_id) > (',
      replace: '(name, h.host_id) >= (',
      suite: unit('server/storage/queries.contract'),
    },
  ]),
  ...mutantsOf('server/storage/queries/accounts.ts', [
    {
      why: 'what was lost by the collector waits',
      find: "LOSSES[name] !== 'collector'",
      replace: "LOSSES[name] === 'agent'",
      suite: unit('server/storage/accounting'),
    },
    {
      why: 'hosts without rows are the worst',
      find: 'ASC NULLS LAST',
      replace: 'ASC NULLS FIRST',
      suite: unit('server/storage/figures'),
    },
    { why: 'nothing is ever missing', find: '(all - missing) / all', replace: 'all / all', suite: unit('server/storage/accounting') },
  ]),
];
