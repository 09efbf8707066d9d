// What the store is told, and what is counted.
import { type Mutant, mutantsOf, unit } from '../mutant.ts';

export const serverStorage: readonly Mutant[] = [
  ...mutantsOf('server/storage/connections.ts', [
    {
      why: 'a connection is kept after a failure',
      find: '          await this.#replace();\n',
      replace: '',
      suite: unit('server/storage/connections'),
    },
  ]),
  ...mutantsOf('server/storage/chdb.ts', [
    {
      why: 'the engine is started as it likes',
      find: '{ connectionArgs: ARGUMENTS }',
      replace: '{}',
      suite: unit('server/storage/embedded'),
    },
  ]),
  ...mutantsOf('server/storage/engine.xml', [
    { why: 'small parts have a file for each column', find: '>131072<', replace: '>0<', suite: unit('server/storage/embedded') },
  ]),
  ...mutantsOf('server/storage/bounds.ts', [
    {
      why: 'an answer may be as long as it likes',
      find: 'max_result_rows: Math.max(1, rows ?? ROWS_MOST), ',
      replace: '',
      suite: unit('server/storage/store.contract'),
    },
  ]),
  ...mutantsOf('server/ingest/report-check.ts', [
    { why: 'anybody makes up kinds', find: '!KINDS_KNOWN.has(kind)', replace: 'false', suite: unit('server/account-names') },
  ]),
  ...mutantsOf('server/storage/answers.ts', [
    {
      why: 'an answer need not end with its token',
      find: ' && text.endsWith(CLOSING + token)',
      replace: '',
      suite: unit('server/storage/connections'),
    },
  ]),
  ...mutantsOf('server/storage/figures.ts', [
    {
      why: 'what was not needed is lost',
      find: 'toInt64(retrans_data) - toInt64(spurious)',
      replace: 'toInt64(retrans_data)',
      suite: unit('server/storage/figures'),
    },
    {
      why: 'refused attempts are retransmissions',
      find: "AND outcome != 'refused')`",
      replace: "AND outcome != 'failed')`",
      suite: unit('server/storage/queries.contract'),
    },
    {
      why: 'old connections are opened',
      find: 'OR tells_open) AND NOT preexisting";',
      replace: 'OR tells_open)";',
      suite: unit('server/storage/queries.contract'),
    },
    {
      why: 'accepted connections are attempts',
      find: "connected: `countIf(${opens} AND role != 'server')`",
      replace: 'connected: `countIf(${opens})`',
      suite: unit('server/storage/queries.contract'),
    },
    {
      why: 'an opening that only the close tells of is not counted',
      find: "\"(event = 'open' OR tells_open) AND",
      replace: "\"(event = 'open') AND",
      suite: unit('server/storage/figures'),
    },
    {
      why: 'and its handshake was no attempt',
      find: "attempts: \"countIf((event != 'close' OR tells_open) AND",
      replace: "attempts: \"countIf((event != 'close') AND",
      suite: unit('server/storage/figures'),
    },
    {
      why: 'opens are closed',
      find: 'closed: "countIf(event = \'close\')"',
      replace: 'closed: "countIf(event != \'failed\')"',
      suite: unit('server/storage/figures'),
    },
    {
      why: 'failures of servers are those of connects',
      find: "failed: \"countIf(event = 'failed' AND role != 'server')\"",
      replace: 'failed: "countIf(event = \'failed\')"',
      suite: unit('server/storage/figures'),
    },
    {
      why: 'received resets end no connection',
      find: "end_reason IN ('rst_sent', 'rst_received')",
      replace: "end_reason = 'rst_sent'",
      suite: unit('server/storage/queries.contract'),
    },
    {
      why: 'opens have a rest',
      find: "sumIf(${name}_rest, event != 'open')",
      replace: 'sum(${name}_rest)',
      suite: unit('server/storage/figures'),
    },
    {
      why: 'limits are swapped',
      find: "rwnd_limited_us: limited('rwnd_limited_us')",
      replace: "rwnd_limited_us: limited('sndbuf_limited_us')",
      suite: unit('server/storage/queries.contract'),
    },
    {
      why: 'the RTT of an open counts',
      find: 'connection: "event = \'close\' AND srtt_us > 0"',
      replace: "connection: 'srtt_us > 0'",
      suite: unit('server/storage/figures'),
    },
    { why: 'no RTT counts as a fast one', find: "sample: 'srtt_us > 0'", replace: "sample: '1'", suite: unit('server/storage/figures') },
    {
      why: 'sent and received resets are swapped',
      find: 'resets_sent: "countIf(direction = \'sent\')"',
      replace: 'resets_sent: "countIf(direction = \'received\')"',
      suite: unit('server/storage/queries.contract'),
    },
    {
      why: 'drops of listeners are rows',
      find: "listener_drops: 'sum(drops)'",
      replace: "listener_drops: 'count()'",
      suite: unit('server/storage/figures'),
    },
    {
      why: 'zero windows are overflows',
      find: "listen_overflows: 'sum(listen_overflows)'",
      replace: "listen_overflows: 'sum(to_zero_window)'",
      suite: unit('server/storage/queries.contract'),
    },
    {
      why: 'what turned out needless is lost',
      find: 'toInt64(retrans_data) - toInt64(spurious)',
      replace: 'toInt64(retrans_data)',
      suite: unit('server/storage/figures'),
    },
    {
      why: 'the longest turns add up',
      find: "= ['turn_max_us', 'stall_max_us']",
      replace: "= ['stall_max_us']",
      suite: unit('server/storage/figures'),
    },
    {
      why: 'limits of moments count',
      find: 'us: 200_000, round_trips',
      replace: 'us: 100, round_trips',
      suite: unit('server/storage/figures'),
    },
    {
      why: 'a DSACK for a probe hides loss',
      find: 'toInt64(retrans_spurious) - toInt64(retrans) + toInt64(sample.retrans_data)',
      replace: 'toInt64(retrans_spurious)',
      suite: unit('server/storage/figures'),
    },
    {
      why: 'whatever is freed is dropped',
      find: 'dropped: "countIf(meaning = \'lost\')"',
      replace: "dropped: 'count()'",
      suite: unit('server/storage/figures'),
    },
    {
      why: "a service's port is the client's",
      find: "role = 'client', peer_port",
      replace: "role = 'client', local_port",
      suite: unit('server/storage/queries.contract'),
    },
    { why: 'an IPv4 peer is a /16', find: '120, 64', replace: '112, 64', suite: unit('server/storage/queries.contract') },
    { why: 'buckets are off by one', find: '* 8) - 1)', replace: '* 8))', suite: unit('server/storage/figures') },
    {
      why: 'a quantile is the next bucket',
      find: 'n -> n >= ${level}',
      replace: 'n -> n > ${level}',
      suite: unit('server/storage/figures'),
    },
    {
      why: 'unattributed of opens counts',
      find: "sumIf(unattributed, event != 'open')",
      replace: 'sum(unattributed)',
      suite: unit('server/storage/figures'),
    },
    {
      why: 'spurious of opens counts',
      find: "sumIf(least(retrans_spurious_rest, retrans_data_rest), event != 'open')",
      replace: 'sum(least(retrans_spurious_rest, retrans_data_rest))',
      suite: unit('server/storage/figures'),
    },
    {
      why: 'accepted connections are rows',
      find: "accepted: 'sum(accepted)'",
      replace: "accepted: 'count()'",
      suite: unit('server/storage/figures'),
    },
  ]),
  ...mutantsOf('server/storage/accounting-refresh.ts', [
    { why: 'figures told twice add up', find: 'max(a.rows) AS n', replace: 'sum(a.rows) AS n', suite: unit('server/storage/accounting') },
    {
      why: 'what collectors lose of one batch counts as often as it is told',
      find: 'l.rows AS n FROM lost AS l FINAL WHERE',
      replace: 'l.rows AS n FROM lost AS l WHERE',
      suite: unit('server/storage/accounting'),
    },
  ]),
  ...mutantsOf('server/storage/found-losses.ts', [
    { why: 'losses of the same rows each count', find: 'left -= lost;', replace: '', suite: unit('server/storage/found-losses.contract') },
    {
      why: 'batches beside those that are lost are found',
      find: 'WHERE batch.sequence <= range.last',
      replace: '',
      suite: unit('server/storage/found-losses.contract'),
    },
    {
      why: 'what is behind the first page is not looked at',
      find: 'if (entries.length < PAGE) return',
      replace: 'if (entries.length > 0) return',
      suite: unit('server/storage/found-losses.contract'),
    },
  ]),
  ...mutantsOf('server/storage/tiers.ts', [
    { why: 'others are lost', find: ', NOT kept,\n', replace: ', kept,\n', suite: unit('server/storage/tiers') },
    {
      why: 'traffic alone makes a key stand out',
      find: "${large.join(' OR ')}",
      replace: '${large[0]}',
      suite: unit('server/storage/tiers'),
    },
  ]),
  ...mutantsOf('server/storage/tier-refresh.ts', [
    {
      why: 'rows that come late are never in their hour',
      find: 'rolled_rows > (known.get(start_s)?.rolled_rows ?? -1)',
      replace: '!known.has(start_s)',
      suite: unit('server/storage/tiers'),
    },
    {
      why: 'an hour is built before it is over',
      find: '+ SETTLED_S) * 1000 <= now_ms',
      replace: ') * 1000 <= now_ms + 3_600_000',
      suite: unit('server/storage/tiers'),
    },
  ]),
  ...mutantsOf('server/storage/superseded.ts', [
    {
      why: 'versions that are read go',
      find: 'version < (newest.get(start_s) ?? 0n)',
      replace: 'version <= (newest.get(start_s) ?? 0n)',
      suite: unit('server/storage/tiers'),
    },
  ]),
  ...mutantsOf('server/storage/segment-insert.ts', [
    {
      why: 'rows that the engine did not take are stored',
      find: 'if (written >= rows) return;',
      replace: 'return;',
      suite: unit('server/storage/series'),
    },
    {
      why: 'a segment of another length is inserted',
      find: 'if (size === expected) return;',
      replace: 'return;',
      suite: unit('server/storage/store.contract'),
    },
  ]),
  ...mutantsOf('server/storage/retention.ts', [
    { why: 'today goes first', find: 'partition < {today:String}`', replace: 'partition <= {today:String}`', suite: unit('server/upkeep') },
  ]),
];
