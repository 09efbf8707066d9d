// Every error that tcplens raises itself has this shape: `code` is stable, `message` says what to do about it, `cause` is the error behind
// it, `exitCode` is what a command then ends with (sysexits.h calls 78 EX_CONFIG).

export const EXIT = { ok: 0, failure: 1, usage: 2, cannot_run: 78 } as const;

export class TcplensError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly exitCode: number = EXIT.failure;

  constructor(code: Code, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** An operation of an agent, or of a command beside it, that failed. */
export class AgentError extends TcplensError {}

/** This machine, or this user on it, cannot run the kernel source: no root, no BTF, every hook refused. */
export class CannotRunError extends TcplensError {
  override readonly exitCode = EXIT.cannot_run;
}

/** An option's value that cannot be understood. */
export class ConfigError extends TcplensError {
  override readonly exitCode = EXIT.usage;
}

/** A recording that is not one, is damaged, or was made by another version. */
export class RecordingError extends TcplensError {}

/** What went wrong, in one line, whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
