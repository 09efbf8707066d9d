// Opens the kernel source with the objects and the loader of a folder, in a process of its own, since a process keeps the
// first loader it has met. Prints as JSON the hooks, or why it does not open.
import process from 'node:process';
import { openKernel } from '../../agent/kernel/ring-source.ts';
import type { Hook } from '../../agent/source/row-source.ts';

export type Opened = { hooks: readonly Hook[]; refusal?: { code: string; message: string } };

function open(prebuilt: string): Opened {
  try {
    const source = openKernel({ host_id: 1n, ring_bytes: 65_536, prebuilt });
    const hooks = source.hooks();
    source.close();
    return { hooks };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return { hooks: [], refusal: { code: String(error.code), message: error.message } };
  }
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(open(process.argv[2] ?? ''))}\n`);
