// How rows travel from an agent to a collector, and how a collector acknowledges them. Contract of agent/ towards server/.
import { hash } from 'node:crypto';

/** `POST /v1/rows`: the body is rows of one kind, zstd-compressed, with these headers. Answered with a `RowsReceipt`. */
export const ROWS_PATH = '/v1/rows';
/** `POST /v1/report`: a JSON `AgentReport`. Answered with a `Receipt`. */
export const REPORT_PATH = '/v1/report';
/**
 * `POST /v1/layouts`: JSON, `{layouts: Layout[]}` (bpf/rows/layout.ts): how rows of schemas lie that the collector did not know. Answered with
 * a `Receipt`.
 */
export const LAYOUTS_PATH = '/v1/layouts';

export const HEADERS = {
  /** `KINDS[kind].schema` */
  schema: 'tcplens-schema',
  /** 16 hex digits; every row's host_id must be this one */
  hostId: 'tcplens-host-id',
  /** 16 hex digits, new with every start of the agent; that of an earlier run where its spool is still being sent */
  epoch: 'tcplens-epoch',
  /** decimal, from 1, counted up with every new batch of its kind; a retry repeats it with the same bytes */
  sequence: 'tcplens-sequence',
} as const;

/** Uncompressed bytes a batch may have: what an agent cuts at, and the most that a collector unpacks. */
export const BATCH_BYTES_MAX = 1024 * 1024;

/** Whose rows and which: what a batch is named by, and the acknowledgement of it. */
export type BatchName = { schema: string; host_id: string; epoch: string; sequence: number };

/**
 * What every answer of a collector has that is about the body of a request: an acknowledgement, and a refusal for good. Only who has read
 * that body can know it, so what a proxy, a login page or a cache says in the collector's place is not taken for the collector's word.
 */
export type Receipt = { digest: string };

/** Of a batch. `rows`: how many it has, stored or put aside. */
export type RowsReceipt = Receipt & BatchName & { rows: number };

/** SHA-256 of a body as it travels, in hex. */
export function digestOf(body: Uint8Array): string {
  return hash('sha256', body);
}

/** Why a collector refuses a body for good: the same bytes would be refused again. Any other refusal settles nothing. */
export const FINAL_REFUSALS = [
  'body_empty',
  'zstd_corrupt',
  'zstd_trailing_bytes',
  'too_large',
  'length_not_whole_rows',
  'host_mismatch',
  'kind_mismatch',
  'sequence_too_old',
  'time_out_of_window',
  'request_invalid',
] as const;
