// The kernel as a source: BPF programs filter its rows, and the loader tallies them.
import { filterInKernel, scopeInKernel } from '../filter/run.ts';
import { readCgroup2Mount } from '../host/cgroups.ts';
import { Entities } from '../host/entities.ts';
import type { KernelSource } from '../kernel/ring-source.ts';
import { countedBy } from '../metrics/counted-by.ts';
import type { Source } from './source.ts';
import { unseenIn } from './unseen.ts';

export function fromKernel(kernel: KernelSource): Source {
  return {
    rows: kernel,
    kernel_filters: kernel.filters,
    names: () => new Entities(readCgroup2Mount()),
    filter: (options) => filterInKernel(kernel.filters, options),
    scope: (expression, kinds) => scopeInKernel(kernel.filters, expression, kinds),
    budget: (budgets) => kernel.filters.budgets(budgets),
    tally: (options) => countedBy(kernel.tally, options),
    tallyOnly: (interval_ms) => kernel.tally.countAlone(interval_ms),
    unseen: (kinds) => unseenIn(kernel, kinds),
    restrict: (own_netns) => kernel.restrict(own_netns),
  };
}
