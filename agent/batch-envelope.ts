// How rows travel from an agent to a collector: as the kernel wrote them. Contract of agent/ towards server/.

/** `POST /v1/rows`: the body is rows of one kind, zstd-compressed, with these headers. */
export const ROWS_PATH = '/v1/rows';
/** `POST /v1/report`: a JSON `AgentReport`. */
export const REPORT_PATH = '/v1/report';
/** `POST /v1/layouts`: JSON, `{layouts: Layout[]}` (bpf/layout.ts): how rows of schemas lie that the collector did not know. */
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
