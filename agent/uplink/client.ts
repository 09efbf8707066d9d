// The requests that an agent makes to a collector, and a count of how they were answered, for metrics.
import type { Layout } from '../../bpf/rows/layout.ts';
import { type BatchName, HEADERS, LAYOUTS_PATH, REPORT_PATH, ROWS_PATH, type RowsReceipt } from '../contract/batch-envelope.ts';
import type { Batch } from '../spool/record.ts';
import { type Answer, type Post, post } from './post.ts';
import type { Verdict } from './retry.ts';
import type { Route } from './route.ts';

/** How many requests of a sort were answered in one way. `status` 0: there was no answer. */
export type Answered = { request: 'rows' | 'report' | 'layouts'; verdict: Verdict; status: number; count: number };

const JSON_TYPE = { 'content-type': 'application/json' };

export class CollectorClient {
  readonly #route: Route;
  readonly #retry_ms_min: number | undefined;
  readonly #answered = new Map<string, Answered>();

  /** `retryMsMin`: a Retry-After that asks for less is ignored; undefined: the default. */
  constructor(route: Route, retryMsMin?: number) {
    this.#route = route;
    this.#retry_ms_min = retryMsMin;
  }

  /** Counted since the start. */
  get answered(): Iterable<Readonly<Answered>> {
    return this.#answered.values();
  }

  /** Posts a batch with the headers of the envelope. The epoch is that of the run that cut the batch, which may be an earlier one. */
  rows({ schema, host_id, epoch, sequence, rows, payload }: Batch, signal: AbortSignal): Promise<Answer> {
    const headers = {
      'content-type': 'application/octet-stream',
      'content-encoding': 'zstd',
      [HEADERS.schema]: schema,
      [HEADERS.hostId]: host_id,
      [HEADERS.epoch]: epoch,
      [HEADERS.sequence]: String(sequence),
    };
    const name: BatchName & Pick<RowsReceipt, 'rows'> = { schema, host_id, epoch, sequence, rows };
    return this.#post('rows', { path: ROWS_PATH, headers, body: payload, name, signal });
  }

  /** `body`: the JSON of an AgentReport. The host is in a header too: the collector shares its memory among agents behind one address by it. */
  report(host_id: string, body: Uint8Array, signal: AbortSignal): Promise<Answer> {
    return this.#post('report', { path: REPORT_PATH, headers: { ...JSON_TYPE, [HEADERS.hostId]: host_id }, body, signal });
  }

  /** Posts the layouts of these schemas. All of them, since another collector behind the same address may know none. */
  layouts(host_id: string, layouts: Iterable<Layout>, signal: AbortSignal): Promise<Answer> {
    const body = Buffer.from(JSON.stringify({ layouts: [...layouts] }));
    return this.#post('layouts', { path: LAYOUTS_PATH, headers: { ...JSON_TYPE, [HEADERS.hostId]: host_id }, body, signal });
  }

  async #post(request: Answered['request'], { path, ...what }: Omit<Post, 'url' | 'agent'> & { path: string }): Promise<Answer> {
    const { addresses, transport, shown, refused, told } = this.#route;
    const url = addresses.current(performance.now());
    const headers = { ...what.headers, ...shown() };
    const answer = await post({ ...what, url: url + path, agent: transport.of(url), headers, retry_ms_min: this.#retry_ms_min });
    const { verdict, status, code } = answer;
    // A collector's refusal has a code. Without one, something else answered in its place.
    if (status === 0 || (status >= 500 && code === '')) addresses.failed(url, performance.now());
    else addresses.answered(url);
    if (status >= 400) refused(code);
    else if (answer.said !== undefined) told(answer.said);
    const key = `${request} ${verdict} ${status}`;
    const answered = this.#answered.get(key) ?? { request, verdict, status, count: 0 };
    answered.count++;
    this.#answered.set(key, answered);
    return answer;
  }
}
