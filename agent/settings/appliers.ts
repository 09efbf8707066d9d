// What a change of each setting does to a running agent.

import type { Logger } from 'pino';
import type { BlackBox } from '../black-box/black-box.ts';
import type { AgentConfig } from '../config.ts';
import type { SweepPace } from '../loop/pace.ts';
import type { Source } from '../source/source.ts';
import type { Uplink } from '../uplink/uplink.ts';
import type { Appliers } from './settings.ts';

/** What the agent's loop reads at each use. */
export type InUse = Pick<AgentConfig, 'queueBytes' | 'budget'>;

export type Parts = {
  pace: SweepPace;
  source: Pick<Source, 'budget'>;
  uplink: Pick<Uplink, 'limit' | 'report_interval_ms'> | undefined;
  black_box: Pick<BlackBox, 'resize'> | undefined;
  log: Pick<Logger, 'level'>;
  inUse: { -readonly [Name in keyof InUse]: InUse[Name] };
};

export function appliersOf({ pace, source, uplink, black_box, log, inUse }: Parts): Appliers {
  return {
    interval: (interval_ms) => {
      pace.want(interval_ms);
      if (uplink) uplink.report_interval_ms = interval_ms;
    },
    budget: (budgets) => {
      source.budget(budgets);
      inUse.budget = budgets;
    },
    'cpu-budget': (share) => {
      pace.budget = share;
    },
    'queue-bytes': (memory_bytes) => {
      inUse.queueBytes = memory_bytes;
      uplink?.limit({ memory_bytes });
    },
    'spool-bytes': (bytes_max) => uplink?.limit({ caps: { bytes_max } }),
    'spool-age': (age_ms_max) => uplink?.limit({ caps: { age_ms_max } }),
    'black-box': (bytes) => black_box?.resize(bytes),
    'log-level': (level) => {
      log.level = level;
    },
  };
}
