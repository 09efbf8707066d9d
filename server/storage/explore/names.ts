// The names that questions can use: the metrics, the dimensions, and a dimension for each label of hosts.
import type { ExploreNames } from '../../api/explore.ts';
import type { Namer } from '../language/names.ts';
import { canDiffer } from './differs/measure.ts';
import { DIMENSION_NAMES, DIMENSIONS } from './dimensions.ts';
import { METRIC_NAMES, metricOf } from './metrics.ts';

export function exploreNames({ labels }: Pick<Namer, 'labels'>): ExploreNames {
  const known = [...new Set([...labels().values()].flatMap((of) => Object.keys(of)))].toSorted();
  return {
    metrics: METRIC_NAMES.map((name) => {
      const metric = metricOf(name);
      const { words, unit, end, adds, value, histogram } = metric;
      return { name, words, unit, end, adds, pairs: histogram !== undefined && value === histogram, differs: canDiffer(metric) };
    }),
    dimensions: [
      ...DIMENSION_NAMES.map((name) => ({ name, words: DIMENSIONS[name].words, field: DIMENSIONS[name].field })),
      ...known.map((label) => ({ name: `label.${label}`, words: `the label ${label} that the host joined with`, field: `label.${label}` })),
    ],
  };
}
