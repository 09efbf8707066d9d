// What the kernel says each thread of a process may do.
import { readdirSync, readFileSync } from 'node:fs';

const FIELDS = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs'] as const;

/** Capability sets as hex digits. */
export type ThreadRights = Record<(typeof FIELDS)[number], string>;

export function rightsIn(status: string): ThreadRights {
  const of = (field: string) => new RegExp(`^${field}:\\s*(\\S+)$`, 'm').exec(status)?.[1] ?? '';
  return Object.fromEntries(FIELDS.map((field) => [field, of(field)])) as ThreadRights;
}

function statusOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // the thread has ended meanwhile
  }
}

/** The rights of every thread, by its name and id. */
export function rightsOf(pid: number): Record<string, ThreadRights> {
  const threads = readdirSync(`/proc/${pid}/task`).flatMap((id) => {
    const status = statusOf(`/proc/${pid}/task/${id}/status`);
    return status === undefined ? [] : [[`${/^Name:\s*(.*)$/m.exec(status)?.[1]} ${id}`, rightsIn(status)] as const];
  });
  return Object.fromEntries(threads);
}
