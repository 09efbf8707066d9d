// Rows as a line for a person, with the essentials. Pure. Anyone who runs a program chooses names in rows, so control characters are escaped.
import type { Row } from '../exports/row-json.ts';
import { escapeControls } from '../process/terminal-text.ts';
import { rowWords } from './row-words.ts';

const UNSPECIFIED: ReadonlySet<string> = new Set(['::', '0.0.0.0']);

export const TABLE_HEADER = line('TIME', 'KIND', 'PID', 'COMM', 'LOCAL', 'PEER', 'WHAT');

/** One line of the table, aligned with its header. */
export function rowLine(row: Row): string {
  const { time_ns, kind, pid, comm, local_addr, local_port, peer_addr, peer_port } = row;
  const time = new Date(Number(time_ns / 1_000_000n)).toISOString().slice(11, 23);
  return line(
    time,
    kind,
    pid === 0 ? '-' : String(pid),
    escapeControls(comm) || '-',
    end(local_addr, local_port),
    end(peer_addr, peer_port),
    escapeControls(rowWords(row)),
  );
}

function line(time: string, kind: string, pid: string, comm: string, local: string, peer: string, what: string): string {
  return [time.padEnd(12), kind.padEnd(12), pid.padStart(7), comm.padEnd(15), local.padEnd(21), peer.padEnd(21), what].join(' ');
}

/** "-" for an end that a kind of row does not have. */
function end(address: string, port: number): string {
  if (port === 0 && UNSPECIFIED.has(address)) return '-';
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
