// How an agent sends rows to a collector, and how a collector acknowledges them.

/** `POST /v1/rows`: the body is rows of one kind, zstd-compressed, with these headers. Answered with a `RowsReceipt`. */
export const ROWS_PATH = '/v1/rows';
/** `POST /v1/report`: a JSON `AgentReport`. Answered with a `Receipt`. */
export const REPORT_PATH = '/v1/report';
/**
 * `POST /v1/layouts`: JSON, `{layouts: Layout[]}` (bpf/rows/layout.ts): the layouts of schemas that the collector does not know. Answered with
 * a `Receipt`.
 */
export const LAYOUTS_PATH = '/v1/layouts';

export const HEADERS = {
  /** `KINDS[kind].schema` */
  schema: 'tcplens-schema',
  /** 16 hex digits; every row's host_id must be this one */
  hostId: 'tcplens-host-id',
  /** 16 hex digits, new with every start of the agent; a batch that an earlier run left in the spool keeps that run's */
  epoch: 'tcplens-epoch',
  /** decimal, from 1, counted up with every new batch of its kind; a retry repeats it with the same bytes */
  sequence: 'tcplens-sequence',
  /** digest of where the agent's state is, in each request that shows a credential */
  place: 'tcplens-place',
} as const;

/** Most uncompressed bytes of a batch: an agent cuts at this size, and a collector unpacks no more. */
export const BATCH_BYTES_MAX = 1024 * 1024;

/** What identifies a batch, in its headers and in its acknowledgement. */
export type BatchName = { schema: string; host_id: string; epoch: string; sequence: number };

/**
 * The digest of the request's body, in every acknowledgement and every refusal for good. Only a server that has read the body can know it, so
 * the answer of a proxy, a login page or a cache is never taken for the collector's.
 */
export type Receipt = { digest: string };

/** Acknowledges a batch. `rows`: how many it has, those in quarantine included. */
export type RowsReceipt = Receipt & BatchName & { rows: number };

/** Codes of a refusal for good: the same bytes would be refused again. After any other refusal the request is repeated. */
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
