// The ports that the kernel gives to clients.
import { readFileSync } from 'node:fs';

/** The text of the kernel's setting, "32768\t60999"; empty where it cannot be read. */
export function readPortRange(): string {
  try {
    return readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
  } catch {
    return '';
  }
}
