// The kinds of rows and the meaning of their columns, from rows.h.
import { type Static, Type } from 'typebox';
import { object } from './schema.ts';

const Column = object({
  name: Type.String(),
  type: Type.String({ description: 'as ClickHouse has it' }),
  unit: Type.String({ description: 'as its name tells; empty where that tells none' }),
  words: Type.String({ description: 'empty where the name says all' }),
});

export const RowKinds = object({
  head: Type.Array(Column, { description: 'what rows of every kind begin with' }),
  kinds: Type.Array(object({ name: Type.String(), words: Type.String(), columns: Type.Array(Column, { description: 'behind those' }) })),
});
export type RowKinds = Static<typeof RowKinds>;
