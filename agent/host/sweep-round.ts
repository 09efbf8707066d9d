// One round over all network namespaces of the host: each entered once, and those that could not be, with the reason.
import type { NetnsEntity } from '../contract/agent-report.ts';
import { reportText, TEXT_CHARS_MAX } from '../contract/report-text.ts';
import type { NetnsRefusal } from '../source/row-source.ts';
import { HostNetns, type Netns } from './netns.ts';
import type { NetnsHolder } from './netns-holder.ts';

/** Passed and inherited sockets that nobody uses are rare, and a walk looks at every open file of the host. */
const WALK_INTERVAL_MS = 30_000;

/** What of the loader a round needs. */
export type Sweeper = {
  walk(): NetnsHolder[];
  /** how many processes have renamed themselves: a walk finds their new names */
  renames(): number;
  namespaces(): NetnsHolder[];
  /** opens the sweep behind a path, or says why not by the name of an errno */
  sweep(path: string, first: boolean): { cookie: bigint; inode: number } | string;
};

export type Round = { entered: NetnsEntity[]; refused: NetnsRefusal[] };

/** Returns what makes one round. It begins with a walk over the files of all processes now and then, and after one has renamed itself. */
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

/** It went while it was looked at: nothing was refused. */
const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ESRCH']);

/** Enters each namespace by the first of its paths that lets it. */
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
