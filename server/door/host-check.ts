// What an agent with a credential sends is of its host, whatever it says.
import { Refusal } from '../errors.ts';
import type { Principal } from './principal.ts';

/** @throws Refusal `host_mismatch` */
export function checkHost({ host_id }: Principal, said: string): void {
  if (host_id === undefined || host_id === said) return;
  throw new Refusal('host_mismatch', `this is of host ${said}, and the credential is that of host ${host_id}`);
}
