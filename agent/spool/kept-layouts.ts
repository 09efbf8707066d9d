// The layouts of all schemas in the spool, in a file beside it: an upgraded agent can still tell a collector how the rows of its predecessor
// are laid out.
import { join } from 'node:path';
import { type Layout, layoutOf, parseLayout } from '../../bpf/rows/layout.ts';
import { KIND } from '../../bpf/rows/rows.gen.ts';
import type { Disk } from '../durable/disk.ts';
import { readWhole, replaceWhole } from '../durable/whole-file.ts';

const FILE = 'layouts';

/** This version's layouts, by schema. */
export function ownLayouts(): Map<string, Layout> {
  return new Map(KIND.map(layoutOf).map((layout) => [layout.schema, layout]));
}

/** This version's layouts and those of `schemas` that the file has; writes all of them back. Unreadable ones are left out. */
export async function keepLayouts(disk: Disk, directory: string, schemas: ReadonlySet<string>): Promise<Map<string, Layout>> {
  const layouts = ownLayouts();
  for (const layout of await readLayouts(disk, directory)) {
    if (schemas.has(layout.schema) && !layouts.has(layout.schema)) layouts.set(layout.schema, layout);
  }
  // On a full disk they are written at the next start.
  await replaceWhole(disk, join(directory, FILE), [Buffer.from(JSON.stringify([...layouts.values()]))]).catch(() => undefined);
  return layouts;
}

async function readLayouts(disk: Disk, directory: string): Promise<Layout[]> {
  try {
    const text = (await readWhole(disk, join(directory, FILE))).toString();
    return (JSON.parse(text) as unknown[]).map(parseLayout);
  } catch {
    return [];
  }
}
