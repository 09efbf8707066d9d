// Checks what a schema cannot express of an id and of a range.
import { isIP } from 'node:net';
import type { Range } from '../api.ts';
import { Refusal } from '../errors.ts';

/** Twenty digits can say more than 64 bits hold; and an id is spelled in one way, the engine's. */
export function checkId(id: string | undefined): void {
  if (id === undefined || (BigInt(id) <= 0xffff_ffff_ffff_ffffn && String(BigInt(id)) === id)) return;
  throw new Refusal('request_invalid', `${id} is no id: write a 64-bit number in decimal, without leading zeros`);
}

/** An answer about the future would be one about now. */
export function checkTimes(from: number | undefined, to: number | undefined): void {
  if (from === undefined) return;
  if (to !== undefined && from >= to) throw new Refusal('request_invalid', 'querystring/from must be before to');
  const ahead_ms = from - Date.now();
  if (ahead_ms <= 0) return;
  const text = `the range begins ${Math.ceil(ahead_ms / 1000)} s from now by the collector's clock: nothing has happened there yet`;
  throw new Refusal('range_in_future', text);
}

/** Checks what a schema cannot express of a range. */
export function checkRange<Asked extends Range>(range: Asked): Asked {
  const { from, to, peer_addr } = range;
  checkTimes(from, to);
  // Addresses in rows have no zone ("%eth0"). With one the engine would find nothing, and not say why.
  if (peer_addr !== undefined && (isIP(peer_addr) === 0 || peer_addr.includes('%')))
    throw new Refusal('request_invalid', 'querystring/peer_addr must be an IPv4 or IPv6 address, without a zone');
  for (const id of [range.host_id, (range as { connection_id?: string }).connection_id]) checkId(id);
  return range;
}
