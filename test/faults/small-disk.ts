// A disk that can be full: a small tmpfs, and a file that takes what is left of it.
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

export const canMount = process.getuid?.() === 0;
const FILLING = 'filling';
const PIECE = Buffer.alloc(64 * 1024);

export class SmallDisk {
  readonly path: string;
  #mounted = false;

  constructor(path: string) {
    this.path = path;
  }

  mount(mebibytes: number): void {
    mkdirSync(this.path, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=0700`, 'tcplens-test', this.path]);
    this.#mounted = true;
  }

  fill(): void {
    const file = openSync(join(this.path, FILLING), 'w');
    try {
      for (const piece of [PIECE, PIECE.subarray(0, 4096)]) while (writeSync(file, piece) === piece.length);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(join(this.path, FILLING), { force: true });
  }

  unmount(): void {
    // Lazily: a process that is being killed may have it open for a moment more.
    if (this.#mounted) execFileSync('umount', ['-l', this.path]);
    this.#mounted = false;
  }
}
