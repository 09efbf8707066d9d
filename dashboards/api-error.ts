import type { Span } from '../agent/contract/language/filter-error.ts';

/** Why there is no answer: the collector's message, or the page's own if the collector was not reached. */
export class ApiError extends Error {
  readonly code: string;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** for a refused filter: which characters are wrong */
  readonly span: Span | undefined;

  constructor(code: string, message: string, status: number, options?: ErrorOptions & { span?: Span | undefined }) {
    super(message, options);
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
    this.span = options?.span;
  }
}
