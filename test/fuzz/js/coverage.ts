// Which characters of the project's files have run, as V8 counts it: what of them an input has run for the first time.
import { type Profiler, Session } from 'node:inspector';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../../support/project-files.ts';

const ROOT = pathToFileURL(join(root, '/')).href;

export class Coverage {
  readonly #session = new Session();
  /** Files that count. */
  covers = /^(agent|bpf|server)\//;
  readonly #covered = new Map<string, Uint8Array>();
  #size = 0;

  /** To be made before the files are imported. */
  constructor() {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Characters that have run. */
  get size(): number {
    return this.#size;
  }

  /** What has run since the last call. Returns how much of it had not run before; it counts from now on if `keep` is set. */
  look(keep: boolean): number {
    let found: Profiler.ScriptCoverage[] = [];
    this.#session.post('Profiler.takePreciseCoverage', (_error, { result }) => {
      found = result;
    });
    return found
      .filter(({ url }) => url.startsWith(ROOT) && this.covers.test(url.slice(ROOT.length)))
      .reduce((sum, script) => sum + this.#add(script, keep), 0);
  }

  #add({ url, functions }: Profiler.ScriptCoverage, keep: boolean): number {
    const run = functions.filter(({ ranges: [whole] }) => whole !== undefined && whole.count > 0).map(({ ranges }) => ranges);
    const length = Math.max(0, ...run.map(([whole]) => whole?.endOffset ?? 0));
    const now = new Uint8Array(length);
    // Ranges of a function follow the one that they lie in; functions, the one around them.
    for (const { startOffset, endOffset, count } of run.flat()) now.fill(count > 0 ? 1 : 0, startOffset, endOffset);
    const before = this.#covered.get(url) ?? new Uint8Array(0);
    const all = new Uint8Array(Math.max(length, before.length));
    all.set(before);
    let fresh = 0;
    for (let at = 0; at < length; at++) {
      if (now[at] === 0 || all[at] === 1) continue;
      all[at] = 1;
      fresh++;
    }
    if (keep && fresh > 0) {
      this.#covered.set(url, all);
      this.#size += fresh;
    }
    return fresh;
  }
}
