// Selects the dimensions by which a change of a metric is looked at, with the reasons why others are left out.

import type { Params } from '../../language/params.ts';
import type { Known } from '../dimensions.ts';
import { DIMENSION_NAMES, type Dimension, dimensionOf, PEER_HOST } from '../dimensions.ts';
import { kindsOfMetric, type Metric } from '../metrics.ts';
import type { Named } from '../plan.ts';
import type { Measure } from './measure.ts';

/** Limit of labels: hosts may have joined with any number of them. */
const LABELS_MOST = 8;

export type Candidates = { asked: Named<Dimension>[]; left_out: { name: string; why: string }[] };

/** Dimensions that the rollup of minutes has come first, since reading them is quick. */
export function candidatesOf(metric: Metric, { is }: Pick<Measure, 'is'>, known: Known, params: Params): Candidates {
  const labels = [...new Set([...known.labels().values()].flatMap((of) => Object.keys(of)))].toSorted();
  const asked: Named<Dimension>[] = [];
  const left_out: Candidates['left_out'] = labels.slice(LABELS_MOST).map((label) => {
    return { name: `label.${label}`, why: `only the first ${LABELS_MOST} labels are asked` };
  });
  for (const name of [...DIMENSION_NAMES, ...labels.slice(0, LABELS_MOST).map((label) => `label.${label}`)]) {
    const dimension = dimensionOf(name, known, params);
    if (dimension === undefined) continue;
    const why = whyNot(name, dimension, metric, is);
    if (why === undefined) asked.push({ name, is: dimension });
    else left_out.push({ name, why });
  }
  return { asked: asked.toSorted((a, b) => Number(a.is.rollup === undefined) - Number(b.is.rollup === undefined)), left_out };
}

function whyNot(name: string, dimension: Dimension, metric: Metric, is: Measure['is']): string | undefined {
  const without = kindsOfMetric(metric).filter((kind) => !dimension.kinds.has(kind));
  if (without.length > 0) return `it is counted from ${without.join(' and ')} rows, which have none`;
  if (name === PEER_HOST) return 'peer and network tell the same';
  if (is !== 'sum' && dimension.isWhat) return 'it tells what happened, which is what is counted here';
  return undefined;
}
