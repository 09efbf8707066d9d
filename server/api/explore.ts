// Any question: which metrics, grouped by what, of which rows, when, and compared with which earlier time.
import { type Static, Type } from 'typebox';
import { Count, Ms, object, oneOf } from './schema.ts';

const text = (maxLength: number, description: string) => Type.Optional(Type.String({ maxLength, description }));

export const ExploreQuery = object({
  from: Type.Optional(Ms),
  to: Type.Optional(Ms),
  filter: text(4096, 'which rows, in the language of filters; all without it'),
  metrics: Type.String({ maxLength: 255, description: 'names of metrics, with commas between them: at most 8' }),
  by: text(255, 'names of dimensions, with commas between them: at most 3'),
  step: text(6, '`none`: one figure for the whole time; `auto`; or seconds, which divide a day evenly'),
  earlier: Type.Optional(Type.Integer({ minimum: 1, maximum: 180 * 86_400, description: 'compare with the time so many seconds earlier' })),
  top: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10, description: 'groups by themselves; all others are one' })),
  sort: text(32, 'the metric whose largest groups are shown; the first one unless told'),
  order: Type.Optional(
    Type.Unsafe<'largest' | 'moved'>({
      type: 'string',
      enum: ['largest', 'moved'],
      default: 'largest',
      description:
        'groups with the largest values first, or those whose values have moved most since the earlier time; those of too few samples come last',
    }),
  ),
  format: Type.Optional(oneOf(['json', 'csv', 'parquet'])),
  sql: Type.Optional(Type.Boolean({ description: 'the statement too: operators may see it' })),
});
export type ExploreQuery = Static<typeof ExploreQuery>;

export const ExploreColumn = object({
  name: Type.String(),
  sort: oneOf(['time', 'dimension', 'id', 'other', 'metric', 'earlier', 'samples']),
  words: Type.String(),
  unit: Type.String({ description: 'of a metric; `s` of a time' }),
  end: Type.String({ description: 'of a metric: at which end of a connection it is counted' }),
  adds: Type.String({ description: 'of a metric: how parts become a whole: `sum`, `largest`; else only from what it is made of' }),
  least: Type.Integer({ minimum: 0, description: 'of samples: with fewer, the metric says little' }),
});

/** A distribution is a list of pairs, ascending: the upper bound of a bucket in µs, and the number of times in it. */
const Cell = Type.Union([Type.Number(), Type.String(), Type.Boolean(), Type.Null(), Type.Array(Type.Array(Type.Number()))]);

export const Explored = object({
  from_ms: Ms,
  to_ms: Ms,
  step_s: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
  earlier_s: Type.Union([Type.Integer(), Type.Null()], { description: 'how much earlier the other time is: whole steps' }),
  source: oneOf(['rows', 'rollup_1m', 'rollup_1h', 'rollup_1d']),
  columns: Type.Array(ExploreColumn),
  rows: Type.Array(Type.Array(Cell), { description: 'the largest group first, and the rest last; of a group its steps in order' }),
  groups: Type.Integer({ minimum: 0, description: 'how many there are' }),
  watched_s: Type.Array(Type.Integer(), {
    description:
      'the starts of the steps in which an agent of the hosts asked for reported: of these a sum without a row is 0; none without steps',
  }),
  completeness: Type.Union([Type.Number(), Type.Null()], { description: '0–1, of the hosts asked for' }),
  rows_read: Type.Integer({ minimum: 0, description: 'rows and entries in the parts that were read, as the index tells' }),
  elapsed_ms: Type.Number(),
  notes: Type.Array(Type.String(), { description: 'what the answer cannot know' }),
  sql: Type.Optional(Type.String()),
});
export type Explored = Static<typeof Explored>;

const Named = { name: Type.String(), words: Type.String() };
export const ExploreNames = object({
  metrics: Type.Array(
    object({
      ...Named,
      unit: Type.String(),
      end: Type.String({ description: 'at which end of a connection it is counted' }),
      adds: Type.String(),
      pairs: Type.Boolean({ description: 'its values are distributions, as pairs' }),
      differs: Type.Boolean({ description: 'whether what differs can be asked of it' }),
    }),
  ),
  dimensions: Type.Array(object({ ...Named, field: Type.String({ description: 'of the language of filters: it picks one value' }) }), {
    description: 'those of labels, `label.NAME`, too',
  }),
});
export type ExploreNames = Static<typeof ExploreNames>;

export const ValuesQuery = object({
  field: Type.String({ maxLength: 64, description: 'a field of the language; `label` for the names of labels' }),
  prefix: text(255, 'how the value begins'),
  from: Type.Optional(Ms),
  to: Type.Optional(Ms),
  filter: text(4096, 'of which rows'),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
});
export type ValuesQuery = Static<typeof ValuesQuery>;

export const Values = object({
  values: Type.Array(object({ text: Type.String(), count: Count }), { description: 'the most frequent first' }),
  of: Type.String({ description: 'what is counted' }),
});
export type Values = Static<typeof Values>;

export const QuestionProgress = object({
  state: Type.Unsafe<'waiting' | 'reading' | 'none'>({
    type: 'string',
    enum: ['waiting', 'reading', 'none'],
    description: 'none: it has been answered, or was never asked here',
  }),
  rows_read: Type.Integer({ minimum: 0, description: 'by the statements that run now' }),
  rows: Type.Integer({ minimum: 0, description: 'that these will read, as far as the engine knows; it may turn out to be more' }),
  elapsed_ms: Type.Integer({ minimum: 0 }),
});
export type QuestionProgress = Static<typeof QuestionProgress>;
