// Lets a collector control a running agent: its settings, and what it investigates.
import type { RowsSoFar } from '../contract/control.ts';
import { DETAIL_KINDS } from '../contract/detail.ts';
import { hex64 } from '../contract/hex64.ts';
import { Investigations, type InvestigationsOptions } from '../investigations/investigations.ts';
import type { Figures } from '../investigations/safety.ts';
import { PROCESS_CLOCK } from '../loop/pace.ts';
import { RemoteSettings } from '../settings/remote.ts';
import type { Source } from '../source/source.ts';
import { Remote, type RemoteOptions } from './remote.ts';

type Opening = Omit<RemoteOptions, 'host_id'> & {
  source: Source;
  kernel: InvestigationsOptions['kernel'];
  rows_so_far: () => Pick<RowsSoFar, 'seen' | 'lost' | 'withheld'>;
};

export function openRemote({ source, kernel, rows_so_far, settings, route, log }: Opening): Remote {
  const { rows } = source;
  return new Remote({ settings, route, log, host_id: hex64(rows.host_id) }, (send) => ({
    settings: new RemoteSettings({ settings, rows: rows_so_far, send }),
    investigations: new Investigations({ kernel, figures: () => figuresOf(rows), send, log }),
  }));
}

function figuresOf(rows: Source['rows']): Figures {
  const counters = rows.counters();
  const sum = (counter: 'ring_lost' | 'written') => DETAIL_KINDS.reduce((total, kind) => total + counters[kind][counter], 0);
  return {
    at_ms: PROCESS_CLOCK.now_ms(),
    cpu_ms: PROCESS_CLOCK.cpu_ms(),
    memory_bytes: process.memoryUsage.rss(),
    ring_lost: sum('ring_lost'),
    written: sum('written'),
  };
}
