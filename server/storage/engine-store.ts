// Makes a store of an engine: its tables, the inserts into them, and their upkeep.
import { insertAccess } from './access-records.ts';
import { insertLost } from './accounting.ts';
import { insertAudit } from './audit.ts';
import type { Engine } from './engine.ts';
import { insertReports, namesOf } from './entities.ts';
import { removeHost } from './host-removal.ts';
import { insertHostStates, removeInvestigation } from './investigation-hosts.ts';
import type { KnownTables } from './known-tables.ts';
import { noteLate } from './late-pieces.ts';
import { migrate } from './migrations.ts';
import type { Store } from './store.ts';
import { upkeepOf } from './upkeep.ts';

/** @param known of an engine whose files may be damaged: the tables that it had before */
export function storeOn(engine: Engine, known?: KnownTables): Store {
  const names = namesOf(engine);
  return {
    ...engine,
    upkeep: upkeepOf(engine, known),
    migrate: async () => {
      await known?.compare(engine, Date.now());
      await migrate(engine);
      await known?.remember(engine);
    },
    noteLate: (segments) => noteLate(engine, segments, Date.now()),
    insertReports: (reports) => insertReports(engine, reports, names),
    insertLost: (entries) => insertLost(engine, entries),
    insertAccess: (records) => insertAccess(engine, records),
    insertAudit: (entries) => insertAudit(engine, entries),
    insertHostStates: (states) => insertHostStates(engine, states),
    removeInvestigation: (id) => removeInvestigation(engine, id),
    removeHost: (host_id) => removeHost(engine, host_id, names),
  };
}
