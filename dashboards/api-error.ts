import type { Span } from '../agent/contract/language/filter-error.ts';

/** Why an answer did not come: the collector's own words, or the page's where it was not reached. */
export class ApiError extends Error {
  readonly code: string;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** of a filter that was refused: which characters are wrong */
  readonly span: Span | undefined;

  constructor(code: string, message: string, status: number, options?: ErrorOptions & { span?: Span | undefined }) {
    super(message, options);
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
    this.span = options?.span;
  }
}
