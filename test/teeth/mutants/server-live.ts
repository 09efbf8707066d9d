// What the collector says of itself and to viewers.
import { type Mutant, mutantsOf, unit } from '../mutant.ts';

export const serverLive: readonly Mutant[] = [
  ...mutantsOf('server/live/retransmit-feed.ts', [
    { why: 'what is left out is not counted', find: 'this.#skipped += excess;', replace: '', suite: unit('server/live') },
    {
      why: 'the oldest rows are shown',
      find: 'rows.subarray(Math.max(0, rows.length - this.#options.rows_max * size))',
      replace: 'rows.subarray(0, this.#options.rows_max * size)',
      suite: unit('server/live'),
    },
  ]),
  ...mutantsOf('server/live/tick.ts', [
    {
      why: 'each change makes a tick',
      find: 'Math.max(period_ms_min, (Date.now() - began_ms) * DUTY)',
      replace: '0',
      suite: unit('server/live'),
    },
    {
      why: 'nothing moves without rows',
      find: 'this.#stale ? this.#next_ms.stale : this.#next_ms.idle',
      replace: 'this.#stale ? this.#next_ms.stale : Number.POSITIVE_INFINITY',
      suite: unit('server/live'),
    },
  ]),
  ...mutantsOf('server/live/viewers.ts', [
    {
      why: 'a slow viewer is kept',
      find: 'socket.terminate();\n      this.#viewers.delete(socket);',
      replace: '',
      suite: unit('server/live/viewers'),
    },
    {
      why: 'silence is an answer',
      find: 'else if (now_ms - viewer.asked_ms >= this.#options.ping_ms) this.#letGo(socket);',
      replace: '',
      suite: unit('server/live/viewers'),
    },
    {
      why: 'who answers gives up the seat of who does not',
      find: 'asked_ms !== undefined && now_ms - asked_ms >= silent_ms',
      replace: 'true',
      suite: unit('server/live/viewers'),
    },
    {
      why: 'a peer may have every seat',
      find: ' && of_peer.length < peer_max) return',
      replace: ') return',
      suite: unit('server/live/viewers'),
    },
  ]),
  ...mutantsOf('server/health/findings.ts', [
    {
      why: 'the least severe comes first',
      find: 'SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity)',
      replace: 'SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity)',
      suite: unit('server/health/findings'),
    },
    {
      why: 'a full log is a warning',
      find: "share < LIMITS.log_share.critical ? 'warning' : 'critical'",
      replace: "'warning'",
      suite: unit('server/health/findings'),
    },
    {
      why: 'a full disk is fine while it fills slowly',
      find: 'share > LIMITS.disk_free_share.warning && days',
      replace: 'share > 0 && days',
      suite: unit('server/health/findings'),
    },
    {
      why: 'the emptiest disk is told',
      find: 'a.free_bytes / a.total_bytes - b.free_bytes / b.total_bytes',
      replace: 'b.free_bytes / b.total_bytes - a.free_bytes / a.total_bytes',
      suite: unit('server/health/findings'),
    },
    {
      why: 'a clock that is behind is right',
      find: 'Math.abs(ahead_ms) > LIMITS.clock_ms',
      replace: 'ahead_ms > LIMITS.clock_ms',
      suite: unit('server/health/findings'),
    },
  ]),
  ...mutantsOf('server/health/phrases.ts', [
    { why: 'seconds are minutes', find: "[60, 'minute'],", replace: "[1, 'minute'],", suite: unit('server/health/findings') },
  ]),
  ...mutantsOf('server/query/limit.ts', [
    { why: 'a place is never handed on', find: 'if (next) next();', replace: 'if (next) {}', suite: unit('server/limit') },
    {
      why: 'any number of queries may wait',
      find: 'if (this.#waiting.length >= this.#waitingMax)',
      replace: 'if (false)',
      suite: unit('server/limit'),
    },
  ]),
];
