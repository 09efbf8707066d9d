// Compares a time with an earlier one: which values of which dimensions explain the change of a metric.
import { type Static, Type } from 'typebox';
import { Figure, Ms, object, oneOf } from './schema.ts';

const BOTH = 'both or none: the four times longer time just before, unless told';

export const DiffersQuery = object(
  {
    metric: Type.String({ maxLength: 64, description: 'the name of one metric that can be asked so, as `/api/v1/explore/names` says' }),
    from: Type.Optional(Ms),
    to: Type.Optional(Ms),
    before_from: Type.Optional(Ms),
    before_to: Type.Optional(Ms),
    filter: Type.Optional(Type.String({ maxLength: 4096, description: 'which rows, in the language of filters; all without it' })),
    top: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20, description: 'so many values at most' })),
  },
  `from and to default to the last 15 minutes; before_from and before_to: ${BOTH}`,
);
export type DiffersQuery = Static<typeof DiffersQuery>;

export const Period = object({
  from_ms: Ms,
  to_ms: Ms,
  watched_s: Type.Number({ minimum: 0, description: 'seconds in which an agent reported; 0 also where nobody knows any more' }),
  value: Figure('of the metric: per second of what adds up; null where nothing was measured'),
  samples: Type.Number({ minimum: 0, description: 'how many were counted; of ratios and quantiles what they are of' }),
  completeness: Figure('0–1, of the hosts asked for'),
});
export type Period = Static<typeof Period>;

export const Difference = object({
  dimension: Type.String(),
  field: Type.String({ description: 'of the language of filters: it picks the value' }),
  value: Type.String(),
  now: Figure('the metric of this value alone: per second of what adds up'),
  before: Figure('the same, before'),
  change: Figure('now − before'),
  explains: Type.Number({ description: 'its share of the whole change: 1 is all of it; those of all values of a dimension add up to 1' }),
  share_now: Type.Number({ description: 'its share of the metric, 0–1; of ratios and quantiles its share of what they are of' }),
  share_before: Type.Number({ description: 'the same, before: the share of the change that it would explain if all had changed alike' }),
  excess: Type.Number({ description: 'explains − share_before: by this values are ranked' }),
  few: Type.Boolean({ description: 'so little of it was counted that it says little: such values come last' }),
});
export type Difference = Static<typeof Difference>;

export const STATES = ['found', 'alike', 'steady', 'few', 'nothing_before', 'nothing_now'] as const;

export const Differs = object({
  metric: Type.String(),
  words: Type.String(),
  unit: Type.String(),
  is: oneOf(['sum', 'ratio', 'quantile']),
  of: Type.String({ description: 'what its samples are' }),
  slow_us: Type.Union([Type.Number(), Type.Null()], {
    description: 'of a quantile: what explains is the share of times above this, the lower quantile of the two times',
  }),
  now: Period,
  before: Period,
  change: Figure('of the metric'),
  state: Type.Unsafe<(typeof STATES)[number]>({
    type: 'string',
    enum: [...STATES],
    description:
      'found: values stand out; alike: none does; steady: the metric has hardly changed; few: too little was counted to say; nothing_before, nothing_now: there is nothing to compare',
  }),
  differences: Type.Array(Difference, { description: 'by excess, the largest first; none below 0.1' }),
  dimensions: Type.Array(
    object({
      name: Type.String(),
      values: Type.Integer({ minimum: 0, description: 'how many it has in the two times' }),
      source: oneOf(['rows', 'rollup_1m']),
      rows_read: Type.Integer({ minimum: 0 }),
    }),
    { description: 'those that were asked' },
  ),
  left_out: Type.Array(object({ name: Type.String(), why: Type.String() }), { description: 'dimensions that were not asked' }),
  source: oneOf(['rows', 'rollup_1m']),
  rows_read: Type.Integer({ minimum: 0, description: 'in the parts that were read, by all statements together, as the index tells' }),
  elapsed_ms: Type.Number(),
});
export type Differs = Static<typeof Differs>;
