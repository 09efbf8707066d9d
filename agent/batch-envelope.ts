// How rows travel from an agent to a collector: as the kernel wrote them. Contract of agent/ towards server/.

/** `POST /v1/rows`: the body is rows of one kind, zstd-compressed, with these headers. */
export const ROWS_PATH = '/v1/rows';
/** `POST /v1/report`: a JSON `AgentReport`. */
export const REPORT_PATH = '/v1/report';

export const HEADERS = {
  /** `KINDS[kind].schema` */
  schema: 'tcplens-schema',
  /** 16 hex digits; every row's host_id must be this one */
  hostId: 'tcplens-host-id',
  /** 16 hex digits, new with every start of the agent */
  epoch: 'tcplens-epoch',
  /** decimal, from 1, counted up over all kinds with every new batch; a retry repeats it with the same bytes */
  sequence: 'tcplens-sequence',
} as const;

/** Uncompressed bytes a batch may have: what an agent cuts at, and the most that a collector unpacks. */
export const BATCH_BYTES_MAX = 1024 * 1024;
