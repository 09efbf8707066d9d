// What BPF objects a process holds, and which of them the kernel still has: by id, since others load programs too.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { waitFor } from './wait.ts';

const SORTS = ['prog', 'map', 'link'] as const;
type Sort = (typeof SORTS)[number];

/** Ids by sort. The kernel gives every id once. */
export type BpfObjects = Record<Sort, Set<number>>;

function eachSort(idsOf: (sort: Sort) => Iterable<number>): BpfObjects {
  return { prog: new Set(idsOf('prog')), map: new Set(idsOf('map')), link: new Set(idsOf('link')) };
}

/** What the open files of a process say; a link's also names its program. */
export function heldBy(pid: number): BpfObjects {
  const directory = `/proc/${pid}/fdinfo`;
  const texts = readdirSync(directory).map((descriptor) => {
    try {
      return readFileSync(`${directory}/${descriptor}`, 'utf8');
    } catch {
      return ''; // closed meanwhile
    }
  });
  return eachSort((sort) => texts.flatMap((text) => new RegExp(`^${sort}_id:\\s*(\\d+)$`, 'm').exec(text)?.slice(1).map(Number) ?? []));
}

function listed(sort: Sort): number[] {
  const list = execFileSync('bpftool', ['-j', sort, 'list'], { encoding: 'utf8' });
  return (JSON.parse(list) as { id: number }[]).map(({ id }) => id);
}

/** Waits until the kernel has freed them, which it does a grace period after their last holder. */
export async function freed(objects: BpfObjects): Promise<void> {
  const left = () => SORTS.flatMap((sort) => listed(sort).flatMap((id) => (objects[sort].has(id) ? [`${sort} ${id}`] : [])));
  await waitFor('the kernel to free what nobody holds', left, ({ length }) => length === 0, 50);
}

/** What is pinned below /sys/fs/bpf. */
export function pins(): string[] {
  return readdirSync('/sys/fs/bpf', { recursive: true, encoding: 'utf8' }).sort();
}
