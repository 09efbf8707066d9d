// An agent with a credential may send rows and reports of its own host only.
import { Refusal } from '../errors.ts';
import type { Principal } from './principal.ts';

/** @throws Refusal `host_mismatch` */
export function checkHost({ host_id }: Principal, said: string): void {
  if (host_id === undefined || host_id === said) return;
  throw new Refusal('host_mismatch', `this is of host ${said}, and the credential is that of host ${host_id}`);
}
