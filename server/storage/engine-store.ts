// Makes a store of an engine: its tables, the inserts into them, and their upkeep.
import { insertLost } from './accounting.ts';
import type { Engine } from './engine.ts';
import { insertReports, namesOf } from './entities.ts';
import { noteLate } from './late-pieces.ts';
import { migrate } from './migrations.ts';
import type { Store } from './store.ts';
import { upkeepOf } from './upkeep.ts';

export function storeOn(engine: Engine): Store {
  const names = namesOf(engine);
  return {
    ...engine,
    upkeep: upkeepOf(engine),
    migrate: () => migrate(engine),
    insertSegment: async (segment) => {
      await engine.insertSegment(segment);
      // After the rows are stored, so that who builds the minutes again because of the note finds them.
      await noteLate(engine, segment, Date.now());
    },
    insertReports: (reports) => insertReports(engine, reports, names),
    insertLost: (entries) => insertLost(engine, entries),
  };
}
