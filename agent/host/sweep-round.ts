// One round of a sweep over all network namespaces of the host: enters each once, and returns those that refused, with the reason.
import type { NetnsEntity } from '../contract/agent-report.ts';
import { reportText, TEXT_CHARS_MAX } from '../contract/report-text.ts';
import type { NetnsRefusal } from '../source/row-source.ts';
import { HostNetns, type Netns } from './netns.ts';
import type { NetnsHolder } from './netns-holder.ts';

/** A walk reads every open file of the host, for the owners of passed and inherited sockets that nobody uses, which are rare. */
export const WALK_INTERVAL_MS = 30_000;

/** The loader's calls that a round makes. */
export type Sweeper = {
  walk(): NetnsHolder[];
  /** The number of renames of processes so far: after one, a walk finds the new name. */
  renames(): number;
  namespaces(): NetnsHolder[];
  /** Starts the sweep of the namespace at a path, or returns the name of the errno. */
  sweep(path: string, first: boolean): { cookie: bigint; inode: number } | string;
};

export type Round = { entered: NetnsEntity[]; refused: NetnsRefusal[] };

/** Returns a function that makes one round. A round begins with a walk over the files of all processes when one is due or a process was renamed. */
export function rounds(sweeper: Sweeper, walk_interval_ms = WALK_INTERVAL_MS): () => Round {
  const host = new HostNetns();
  let walk_at = 0;
  let renames = sweeper.renames();
  return () => {
    const renamed = sweeper.renames();
    if (performance.now() >= walk_at || renamed !== renames) {
      walk_at = performance.now() + walk_interval_ms;
      renames = renamed;
      host.walked(sweeper.walk());
    }
    return enterAll(host.list(sweeper.namespaces()), sweeper);
  };
}

/** The namespace ended meanwhile: that is no refusal. */
const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ESRCH']);

/** Enters each namespace by the first of its paths that works. */
export function enterAll(namespaces: readonly Netns[], { sweep }: Pick<Sweeper, 'sweep'>): Round {
  const round: Round = { entered: [], refused: [] };
  for (const { inode, name, paths } of namespaces) {
    let reason = '';
    for (const path of paths) {
      const result = sweep(path, round.entered.length === 0);
      if (typeof result !== 'string') {
        round.entered.push({ netns: result.cookie.toString(), inode: result.inode, name: reportText(name, TEXT_CHARS_MAX.netns_name) });
        reason = '';
        break;
      }
      if (reason === '' && !GONE.has(result)) reason = result;
    }
    if (reason !== '') round.refused.push({ inode, name, reason });
  }
  return round;
}
