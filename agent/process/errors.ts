// Every error the agent raises itself: `code` is stable, `message` says what to do about it, `exitCode` is what the
// command then ends with (sysexits.h calls 78 EX_CONFIG).

export const EXIT = { ok: 0, failure: 1, usage: 2, cannot_run: 78 } as const;

export class AgentError extends Error {
  readonly code: string;
  readonly exitCode: number = EXIT.failure;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.code = code;
  }
}

/** This machine, or this user on it, cannot run the kernel source: no root, no BTF, every hook refused. */
export class CannotRunError extends AgentError {
  override readonly exitCode = EXIT.cannot_run;
}

/** An option's value that cannot be understood. */
export class ConfigError extends AgentError {
  override readonly exitCode = EXIT.usage;
}

/** A recording that is not one, is damaged, or was made by another version. */
export class RecordingError extends AgentError {}
