// What a target of the fuzzer in JavaScript is.
import type { Dice } from '../../faults/dice.ts';

export type MutateBytes = (bytes: Uint8Array) => Uint8Array;

export type Target = {
  /** Paths of the project's files, from its root, whose coverage says whether an input is worth keeping. */
  covers: RegExp;
  seeds(): Uint8Array[];
  /** What is put into inputs now and then. */
  words?: readonly string[];
  /** Makes another input of one, so that it gets past checksums. Without it, bytes change. */
  mutate?(bytes: Uint8Array, mutateBytes: MutateBytes, dice: Dice): Uint8Array;
  /** Throws where the code under test does what it must not. */
  run(input: Uint8Array): void | Promise<void>;
  /** Checks what is too costly for each input, over all inputs since the last call: throws a `Found`. */
  flush?(): void;
};

/** A failure of an input that was run earlier. */
export class Found extends Error {
  readonly input: Uint8Array;
  constructor(input: Uint8Array, message: string) {
    super(message);
    this.input = input;
  }
}

export function must(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`does not hold: ${what}`);
}

/** Runs what may refuse its input, by errors of these classes with a code and a text; any other error is a finding. */
export function orRefused<Result>(run: () => Result, ...refusals: readonly (new (...args: never[]) => Error)[]): Result | undefined {
  try {
    return run();
  } catch (error) {
    checkRefusal(error, refusals);
    return undefined;
  }
}

export function checkRefusal(error: unknown, refusals: readonly (new (...args: never[]) => Error)[]): void {
  if (!(error instanceof Error) || !refusals.some((refusal) => error instanceof refusal)) throw error;
  must('code' in error && typeof error.code === 'string' && error.code !== '', `an error has a code: ${error.message}`);
  must(error.message !== '', 'an error says something');
}
