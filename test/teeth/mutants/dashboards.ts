// The page.
import { type Mutant, mutantsOf, unit } from '../mutant.ts';

const latencyBox = unit('dashboards/latency-box');

export const dashboards: readonly Mutant[] = [
  ...mutantsOf('dashboards/words.ts', [
    { why: 'an error below zero has no name', find: 'Math.abs(err)', replace: 'err', suite: unit('dashboards/words') },
  ]),
  ...mutantsOf('dashboards/format.ts', [
    {
      why: 'completeness rounds up',
      find: 'Math.floor(ratio * 10_000)',
      replace: 'Math.round(ratio * 10_000)',
      suite: unit('dashboards/format'),
    },
    { why: 'thousands are binary', find: 'left /= 1000;', replace: 'left /= 1024;', suite: unit('dashboards/format') },
    { why: 'a name can turn the line', find: '\\u2028-\\u202e', replace: '\\u2028-\\u2029', suite: unit('dashboards/format') },
    {
      why: 'milliseconds are seconds',
      find: 'if (us < 999_500) return `${shortNumber(us / 1e3)}',
      replace: 'if (us < 999_500) return `${shortNumber(us / 1e6)}',
      suite: unit('dashboards/format'),
    },
    { why: 'an IPv6 end has no brackets', find: "addr.includes(':') ?", replace: "addr.includes('[') ?", suite: unit('dashboards/format') },
  ]),
  ...mutantsOf('dashboards/view-state.ts', [
    {
      why: 'a range that ends before it begins',
      find: 'if (span.from_ms < span.to_ms)',
      replace: 'if (span.from_ms !== span.to_ms)',
      suite: unit('dashboards/view-state'),
    },
    {
      why: 'what a link holds too much is not told',
      find: 'else if (!isReadElsewhere(key, state.page))',
      replace: 'else if (false)',
      suite: unit('dashboards/view-state'),
    },
    {
      why: 'the panel is not in the link',
      find: "if (state.panel === 'completeness') params.set('panel', state.panel);",
      replace: '',
      suite: unit('dashboards/view-state'),
    },
  ]),
  ...mutantsOf('dashboards/narrowed.ts', [
    {
      why: 'who is not known is anybody',
      find: "process: 'not process = *', ",
      replace: '',
      suite: unit('dashboards/narrowed'),
    },
  ]),
  ...mutantsOf('dashboards/filter-history.ts', [
    {
      why: 'a filter is remembered twice',
      find: '.filter((one) => one !== expression)',
      replace: '',
      suite: unit('dashboards/filter-history'),
    },
  ]),
  ...mutantsOf('dashboards/views/help/manual.ts', [
    {
      why: 'columns of rows have no entries',
      find: "entries: [{ id, name, label: '', words, facts: [] }, ...columns(id, own)]",
      replace: "entries: [{ id, name, label: '', words, facts: [] }]",
      suite: unit('dashboards/manual'),
    },
    { why: 'one word is enough', find: 'wanted.every(', replace: 'wanted.some(', suite: unit('dashboards/manual') },
  ]),
  ...mutantsOf('dashboards/newest.ts', [
    { why: 'a row that came twice is there twice', find: 'if (known.has(key)) continue;', replace: '', suite: unit('dashboards/newest') },
    {
      why: 'the longer time is the earlier',
      find: 'return b.time_ns.length - a.time_ns.length',
      replace: 'return a.time_ns.length - b.time_ns.length',
      suite: unit('dashboards/newest'),
    },
  ]),
  ...mutantsOf('dashboards/live-filter.ts', [
    {
      why: "a client's port is its own",
      find: "return role === 'server' ? local_port : peer_port",
      replace: 'return local_port',
      suite: unit('dashboards/live-filter'),
    },
    {
      why: 'what live rows do not tell is false',
      find: 'if (untold.size > 0) return',
      replace: 'if (untold.size > 9) return',
      suite: unit('dashboards/live-filter'),
    },
    {
      why: 'another host is this one',
      find: 'ranges: is === isNegated ?',
      replace: 'ranges: is !== isNegated ?',
      suite: unit('dashboards/live-filter'),
    },
    {
      why: 'of two unknown ends the higher',
      find: 'Math.min(local_port, peer_port)',
      replace: 'Math.max(local_port, peer_port)',
      suite: unit('dashboards/live-filter'),
    },
  ]),
  ...mutantsOf('dashboards/retry-delay.ts', [
    { why: 'all viewers return at once', find: 'ceiling / 2 + (ceiling / 2) * random', replace: 'ceiling', suite: unit('dashboards/feed') },
  ]),
  ...mutantsOf('dashboards/feed.ts', [
    {
      why: 'a feed that ended stays away',
      find: 'this.#retry = setTimeout(() => this.#open(), retryDelay(this.#attempt++, Math.random()));',
      replace: '',
      suite: unit('dashboards/feed'),
    },
    {
      why: 'connected before anything came',
      find: 'this.#socket = socket;\n',
      replace: "this.#socket = socket;\n    this.#enter('connected');\n",
      suite: unit('dashboards/feed'),
    },
    {
      why: 'it is said again and again that it is away',
      find: "if (this.#phase !== 'disconnected') this.#enter",
      replace: 'this.#enter',
      suite: unit('dashboards/feed'),
    },
    {
      why: 'attempts are never forgotten',
      find: 'this.#attempt = 0;\n      this.#options',
      replace: 'this.#options',
      suite: unit('dashboards/feed'),
    },
    {
      why: 'it comes back after it was stopped',
      find: 'this.#socket = null;\n    socket?.close();',
      replace: 'socket?.close();',
      suite: unit('dashboards/feed'),
    },
  ]),
  ...mutantsOf('dashboards/views/connection/findings/turns.ts', [
    {
      why: 'one wait is slow',
      find: '|| turn_us / turns < SLOW_ANSWER_US) return',
      replace: ') return',
      suite: unit('dashboards/findings'),
    },
    {
      why: "the path's time is the peer's",
      find: 'const peer_us_min = answer_us - path_us_max;',
      replace: 'const peer_us_min = answer_us;',
      suite: unit('dashboards/findings'),
    },
    {
      why: 'loss is the peer being slow',
      find: "if (role !== 'client' || (total_retrans ?? 0) > turns / 10 ||",
      replace: "if (role !== 'client' ||",
      suite: unit('dashboards/findings'),
    },
  ]),
  ...mutantsOf('dashboards/views/connection/findings/handshake.ts', [
    {
      why: 'a server whose answers were not sent again has slow handshakes',
      find: "if (role !== 'server' || answers === 0) return",
      replace: "if (role !== 'server') return",
      suite: unit('dashboards/findings'),
    },
  ]),
  ...mutantsOf('dashboards/views/connection/findings/endings.ts', [
    {
      why: 'received resets were sent here',
      find: "resets.find(({ direction }) => direction === 'sent')",
      replace: "resets.find(({ direction }) => direction !== 'sent')",
      suite: unit('dashboards/findings'),
    },
    {
      why: 'every reset comes after idle',
      find: '&& idle_us >= IDLE_US);',
      replace: '&& idle_us >= 0);',
      suite: unit('dashboards/findings'),
    },
  ]),
  ...mutantsOf('dashboards/views/connection/findings/reading.ts', [
    { why: 'a closed connection leaks', find: '|| closed_ms !== null || stay', replace: '|| stay', suite: unit('dashboards/findings') },
    {
      why: 'reset connections are not read',
      find: ' || resets.length > 0) return undefined',
      replace: ') return undefined',
      suite: unit('dashboards/findings'),
    },
  ]),
  ...mutantsOf('dashboards/views/connection/findings/drops.ts', [
    {
      why: 'one dropped packet is many',
      find: "most[1].length === 1 ? 'was' : 'were'",
      replace: "most[1].length > 1 ? 'was' : 'were'",
      suite: unit('dashboards/findings'),
    },
    {
      why: 'what nobody misses was dropped',
      find: "drops.filter(({ meaning }) => meaning === 'lost')",
      replace: 'drops',
      suite: unit('dashboards/findings'),
    },
  ]),
  ...mutantsOf('dashboards/views/connection/findings/this-host.ts', [
    {
      why: 'retransmissions without a route are nobody’s',
      find: 'refused(connection) > 0 || (Boolean',
      replace: '(Boolean',
      suite: unit('dashboards/findings'),
    },
  ]),
  ...mutantsOf('dashboards/views/connection/findings/losses.ts', [
    {
      why: 'needless probes hide what was lost',
      find: 'Math.max(0, (retrans_spurious ?? 0) - probes)',
      replace: '(retrans_spurious ?? 0)',
      suite: unit('dashboards/findings-losses'),
    },
    {
      why: 'what the own queue refused, the path lost',
      find: "connection.retransmits.some(({ outcome }) => outcome === 'failed')",
      replace: 'false',
      suite: unit('dashboards/findings-losses'),
    },
  ]),
  ...mutantsOf('dashboards/retransmit-words.ts', [
    {
      why: 'few segments are judged',
      find: 'if (sent < SEGMENTS_MIN)',
      replace: 'if (sent < 1)',
      suite: unit('dashboards/retransmit-words'),
    },
    {
      why: 'what was not needed is loss',
      find: "spurious > lost ? 'Less loss than it looks like' : 'Loss'",
      replace: "'Loss'",
      suite: unit('dashboards/retransmit-words'),
    },
  ]),
  ...mutantsOf('dashboards/retransmits-answer.ts', [
    {
      why: 'a ratio of few segments moves',
      find: '< least ? null : numberIn(row[`retransmit_ratio${end}`])',
      replace: '< 0 ? null : numberIn(row[`retransmit_ratio${end}`])',
      suite: unit('dashboards/retransmits-answer'),
    },
  ]),
  ...mutantsOf('dashboards/views/latency/box.ts', [
    { why: 'a box lacks its last step', find: 'Math.max(a.step, b.step) + 1', replace: 'Math.max(a.step, b.step)', suite: latencyBox },
    {
      why: 'a point outside is a cell of its own',
      find: 'within(Math.floor(x * time_s.length), 0,',
      replace: 'within(Math.floor(x * time_s.length), -9,',
      suite: latencyBox,
    },
    { why: 'what is above the box is counted', find: ' && bucket <= highest', replace: '', suite: latencyBox },
    { why: 'a box grows out of the grid', find: 'Math.min(grid.highest, box.highest + 1)', replace: 'box.highest + 1', suite: latencyBox },
  ]),
  ...mutantsOf('dashboards/latency-grid.ts', [
    {
      why: 'a cell leads to those of the bucket below, too',
      find: '`${field} > ${from_us}us`',
      replace: '`${field} >= ${from_us}us`',
      suite: unit('dashboards/latency'),
    },
    {
      why: 'a handshake that met the SYN timer is not counted',
      find: 'bucketStart_us(bucket + 1) > us ?',
      replace: 'bucketStart_us(bucket) > us ?',
      suite: unit('dashboards/latency'),
    },
  ]),
  ...mutantsOf('dashboards/views/connection/waterfall.ts', [
    {
      why: "a server's handshake comes after 0",
      find: '[-connect_us, 0]',
      replace: '[0, connect_us]',
      suite: unit('dashboards/story-parts'),
    },
    {
      why: 'what is not known has a bar',
      find: 'if (accept_us !== null)',
      replace: 'if (accept_us !== undefined)',
      suite: unit('dashboards/story-parts'),
    },
  ]),
  ...mutantsOf('dashboards/views/connection/lane.ts', [
    {
      why: 'boxes lie outside of the frame',
      find: 'Math.max(0, Math.min(1, share)) * width',
      replace: 'share * width',
      suite: unit('dashboards/connection'),
    },
    { why: 'open is a repair', find: ".filter(({ ca_state }) => ca_state !== 'open')", replace: '', suite: unit('dashboards/connection') },
  ]),
];
