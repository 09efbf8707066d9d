// Every reason for which the collector refuses a request, with its HTTP status. The codes are stable: agents and
// tools compare them, counters are labelled with them.

import type { FINAL_REFUSALS } from '../agent/contract/batch-envelope.ts';
import type { Span } from '../agent/contract/language/filter-error.ts';
import { TcplensError } from '../agent/process/errors.ts';

export const REFUSALS = {
  header_missing: 400,
  header_invalid: 400,
  layout_unknown: 409,
  kind_unknown: 409,
  layout_refused: 409,
  body_empty: 400,
  body_cut_off: 400,
  client_gone: 400,
  body_too_slow: 408,
  request_too_slow: 408,
  head_too_large: 431,
  zstd_corrupt: 400,
  zstd_trailing_bytes: 400,
  too_large: 413,
  length_required: 411,
  length_not_whole_rows: 422,
  host_mismatch: 422,
  kind_mismatch: 422,
  time_out_of_window: 422,
  sequence_too_old: 409,
  snapshot_exists: 409,
  question_under_way: 409,
  report_partly_refused: 422,
  request_invalid: 400,
  range_in_future: 400,
  filter_invalid: 400,
  too_much: 422,
  range_too_wide: 400,
  media_type_unsupported: 415,
  not_found: 404,
  method_not_allowed: 405,
  host_forbidden: 403,
  origin_forbidden: 403,
  login_needed: 401,
  credential_unknown: 401,
  credential_revoked: 401,
  credential_ended: 401,
  login_refused: 401,
  password_refused: 403,
  oidc_failed: 403,
  oidc_no_role: 403,
  join_needed: 401,
  certificate_needed: 401,
  role_needed: 403,
  enrolment_refused: 403,
  identity_in_use: 409,
  identity_cloned: 409,
  identity_unknown: 409,
  host_reports: 409,
  settings_invalid: 422,
  rollout_under_way: 409,
  collector_there: 409,
  link_used: 403,
  user_exists: 409,
  too_many_views: 409,
  too_many_investigations: 409,
  alerts_refused: 422,
  too_many_logins: 429,
  too_many_requests: 429,
  too_many_bytes_in_flight: 429,
  log_full: 429,
  log_full_late: 429,
  too_many_queries: 503,
  too_many_viewers: 503,
  too_many_agents: 503,
  out_of_memory: 503,
  log_disk_full: 503,
  log_failed: 503,
  store_failed: 503,
  stopping: 503,
  internal: 500,
} as const satisfies Record<string, number> & Record<(typeof FINAL_REFUSALS)[number], number>;
export type RefusalCode = keyof typeof REFUSALS;

type RefusalOptions = { cause?: unknown; retry_after_s?: number; span?: Span };

/** A request that was refused. `message` says what to do about it; it is shown to whoever asked. */
export class Refusal extends TcplensError<RefusalCode> {
  readonly retry_after_s: number | undefined;
  /** the wrong characters, where an expression was refused */
  readonly span: Span | undefined;
  constructor(code: RefusalCode, message: string, { retry_after_s, span, ...options }: RefusalOptions = {}) {
    super(code, message, options);
    this.retry_after_s = retry_after_s;
    this.span = span;
  }
  get status(): number {
    return REFUSALS[this.code];
  }
}

/** Why the collector could not start, or had to stop. */
export class StartError extends TcplensError<
  | 'data_dir_locked'
  | 'data_dir_unusable'
  | 'log_of_other_version'
  | 'address_in_use'
  | 'child_ended'
  | 'cluster_without_server'
  | 'options_do_not_fit'
  | 'certificate_unusable'
  | 'not_ready'
> {}
