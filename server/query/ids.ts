// Checks what a schema cannot express of an id.
import { Refusal } from '../errors.ts';

/** Twenty digits can say more than 64 bits hold; and an id is spelled in one way, the engine's. */
export function checkId(id: string | undefined): void {
  if (id === undefined || (BigInt(id) <= 0xffff_ffff_ffff_ffffn && String(BigInt(id)) === id)) return;
  throw new Refusal('request_invalid', `${id} is no id: write a 64-bit number in decimal, without leading zeros`);
}
