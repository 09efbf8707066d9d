// Checks what a schema cannot express of an id and of a range.
import { Refusal } from '../errors.ts';

/** An id has up to twenty digits, which can be more than 64 bits hold. Only the engine's own spelling of an id is accepted. */
export function checkId(id: string | undefined): void {
  if (id === undefined || (BigInt(id) <= 0xffff_ffff_ffff_ffffn && String(BigInt(id)) === id)) return;
  throw new Refusal('request_invalid', `${id} is no id: write a 64-bit number in decimal, without leading zeros`);
}

/** A range in the future is refused: the answer would be about now. */
export function checkTimes(from: number | undefined, to: number | undefined): void {
  if (from === undefined) return;
  if (to !== undefined && from >= to) throw new Refusal('request_invalid', 'querystring/from must be before to');
  const ahead_ms = from - Date.now();
  if (ahead_ms <= 0) return;
  const text = `the range begins ${Math.ceil(ahead_ms / 1000)} s from now by the collector's clock: nothing has happened there yet`;
  throw new Refusal('range_in_future', text);
}
