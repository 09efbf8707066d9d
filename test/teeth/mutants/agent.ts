// The agent.
import { type Mutant, mutantsOf, unit } from '../mutant.ts';

export const agent: readonly Mutant[] = [
  ...mutantsOf('agent/accounts/accounting.ts', [
    {
      why: 'minutes go back with the clock',
      find: '* MINUTE_MS, this.#minutes.get(epoch) ?? 0);',
      replace: '* MINUTE_MS, 0);',
      suite: unit('agent/accounts/accounting'),
    },
    {
      why: 'what was told is told again',
      find: 'if (entry.rows <= entry.told ||',
      replace: 'if (',
      suite: unit('agent/accounts/accounting'),
    },
    {
      why: 'a figure that comes late makes a told one smaller',
      find: 'entry.told = Math.max(entry.told, rows)',
      replace: 'entry.told = rows',
      suite: unit('agent/accounts/accounting'),
    },
    {
      why: 'minutes that a collector may have become one',
      find: 'if (entry.posted || entry.minute_ms',
      replace: 'if (entry.minute_ms',
      suite: unit('agent/accounts/accounting'),
    },
    {
      why: 'folded rows are in no total',
      find: 'this.#total(into, kind, outcome).rows += rows;',
      replace: ';',
      suite: unit('agent/accounts/accounting'),
    },
  ]),
  ...mutantsOf('agent/loop/drain.ts', [
    {
      why: 'one kind may have all turns',
      find: 'const ROUNDS_MAX = 8;',
      replace: 'const ROUNDS_MAX = 80;',
      suite: unit('agent/loop/drain'),
    },
    {
      why: 'the kernel is left waiting',
      find: 'source.waits ? isFull : () => false',
      replace: 'isFull',
      suite: unit('agent/loop/drain'),
    },
    {
      why: 'a full memory is no reason to stop',
      find: '&& !this.#isFull(); round++',
      replace: '; round++',
      suite: unit('agent/loop/drain'),
    },
    {
      why: 'what is left is not told of',
      find: "return this.#isFull() ? found : 'more';",
      replace: 'return found;',
      suite: unit('agent/loop/drain'),
    },
  ]),
  ...mutantsOf('agent/metrics/scrape-server.ts', [
    {
      why: 'each scraper has a rendering of its own',
      find: 'if (left_ms <= 0) {',
      replace: 'if (left_ms <= RENDERING_MS) {',
      suite: unit('agent/metrics/scrape-server'),
    },
    {
      why: 'a page of somebody else may scrape',
      find: 'if (!isScraperOf(bound, hostname(), headers.host))',
      replace: 'if (!isScraperOf(bound, hostname(), bound))',
      suite: unit('agent/metrics/scrape-server', 'Host'),
    },
  ]),
  ...mutantsOf('agent/commands/unseen-told.ts', [
    {
      why: 'what could not be seen is no reason to fail',
      find: 'if (this.#said.size === 0) return;',
      replace: 'if (this.#said.size >= 0) return;',
      suite: unit('agent/commands/unseen'),
    },
  ]),
  ...mutantsOf('agent/source/unseen.ts', [
    {
      why: 'a hook of a kind is forgotten',
      find: "retransmit: { write: ['tcp_retransmit_skb', 'tcp_retransmit_synack'] }",
      replace: "retransmit: { write: ['tcp_retransmit_skb'] }",
      suite: unit('agent/commands/unseen'),
    },
  ]),
  ...mutantsOf('agent/loop/pace.ts', [
    { why: 'a ring may fill between two drains', find: 'ring_bytes / 2 /', replace: 'ring_bytes /', suite: unit('agent/loop/pace') },
    { why: 'a busy collector has sweeps come sooner', find: 'pressure * 2)', replace: 'pressure / 2)', suite: unit('agent/loop/pace') },
  ]),
  ...mutantsOf('agent/loop/pump.ts', [
    { why: 'the last rows are left', find: 'if (!source.ended()) drain.all();', replace: '', suite: unit('agent/loop/pump') },
    {
      why: 'a row does not end the quiet',
      find: 'rows = true;\n      this.#wakeUp();',
      replace: 'rows = true;',
      suite: unit('agent/loop/pump'),
    },
  ]),
  ...mutantsOf('agent/uplink/batch.ts', [
    {
      why: 'sequences begin with 0',
      find: 'this.#sequences[kind]++;\n    return [{ kind, sequence: this.#sequences[kind],',
      replace: 'return [{ kind, sequence: this.#sequences[kind]++,',
      suite: unit('agent/uplink/batch'),
    },
    {
      why: 'half a row ends a batch',
      find: 'Math.floor(BATCH_BYTES_MAX / size) * size',
      replace: 'BATCH_BYTES_MAX',
      suite: unit('agent/uplink/batch'),
    },
    {
      why: 'a batch waits for its last row',
      find: 'if (open.length === 0) open.since_ms = now_ms;',
      replace: 'open.since_ms = now_ms;',
      suite: unit('agent/uplink/batch'),
    },
  ]),
  ...mutantsOf('agent/uplink/lanes.ts', [
    { why: 'live batches take every slot', find: '? 1 : 0;', replace: '? 0 : 0;', suite: unit('agent/uplink/lanes') },
    {
      why: 'one more than there are slots',
      find: '>= slots) return undefined',
      replace: '> slots) return undefined',
      suite: unit('agent/uplink/lanes'),
    },
  ]),
  ...mutantsOf('agent/uplink/retry.ts', [
    { why: 'a server error is for good', find: 'status < 500 && is_receipt', replace: 'is_receipt', suite: unit('agent/uplink/retry') },
    { why: 'Retry-After in milliseconds', find: 'Number(header) * 1000', replace: 'Number(header)', suite: unit('agent/uplink/retry') },
    {
      why: 'who wants to be asked at once is asked at once',
      find: 'ms >= min_ms ?',
      replace: 'ms >= 0 ?',
      suite: unit('agent/uplink/retry'),
    },
    {
      why: 'anybody may refuse for good',
      find: "&& is_receipt && FINAL.has(code) ? 'rejected'",
      replace: "&& FINAL.has(code) ? 'rejected'",
      suite: unit('agent/uplink/retry'),
    },
    {
      why: 'anybody may acknowledge',
      find: "return is_receipt ? 'accepted' : 'retry'",
      replace: "return 'accepted'",
      suite: unit('agent/uplink/post'),
    },
    {
      why: 'all come back at the same time',
      find: 'min_ms + random * (ceiling - min_ms)',
      replace: 'ceiling',
      suite: unit('agent/uplink/retry'),
    },
  ]),
  ...mutantsOf('agent/uplink/post.ts', [
    {
      why: 'the acknowledgement of any batch is that of this one',
      find: '&& (status >= 300 || isNamed(said, name))',
      replace: '',
      suite: unit('agent/uplink/post'),
    },
    {
      why: 'an answer about other bytes is about these',
      find: "said?.['digest'] === digestOf(body) && (",
      replace: "said?.['digest'] !== undefined && (",
      suite: unit('agent/uplink/post'),
    },
  ]),
  ...mutantsOf('agent/uplink/exchange.ts', [
    {
      why: 'an answer is read to its end, if it has one',
      find: 'if (length > ANSWER_BYTES_MAX) break;',
      replace: '',
      suite: unit('agent/uplink/foreign/foreign', 'of an answer without an end'),
    },
  ]),
  ...mutantsOf('agent/uplink/ship.ts', [
    {
      why: 'what is refused for good is no dead letter',
      find: 'void dead_letters?.add(parcel.batch);',
      replace: ';',
      suite: unit('agent/uplink/ship'),
    },
    {
      why: 'a batch at which the collector fails keeps the others',
      find: 'this.#aside.failed(parcel);',
      replace: 'spool.release(parcel);',
      suite: unit('agent/uplink/ship'),
    },
    {
      why: 'a failure is counted as sent',
      find: "verdict === 'accepted' ? 'sent' : 'rejected'",
      replace: "'sent'",
      suite: unit('agent/uplink/ship'),
    },
    {
      why: 'after a failure all ask at once',
      find: 'this.#back_off.failures > 0 ? 1 : SLOTS',
      replace: 'SLOTS',
      suite: unit('agent/uplink/ship'),
    },
    {
      why: 'sweeps do not hear that it is busy',
      find: "if (answer.verdict === 'busy') this.#options.onAnswer?.('busy');",
      replace: '',
      suite: unit('agent/uplink/ship'),
    },
  ]),
  ...mutantsOf('agent/uplink/intake.ts', [
    {
      why: 'rows that memory has no room for are in no account',
      find: "accounting.add(epoch, kind, 'memory_dropped', rows, cut_at_ms);",
      replace: '',
      suite: unit('agent/uplink/intake'),
    },
  ]),
];
