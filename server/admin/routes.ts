// `tcplens admin` to a collector that holds the embedded engine. Only this machine reaches it, as everything else here.
import { ADMIN_API, Link, Migrations, Retention, RetentionChange, Snapshot } from '../api/admin.ts';
import { object } from '../api/schema.ts';
import { Problem } from '../api.ts';
import type { Audit } from '../door/audit.ts';
import type { Owner } from '../door/owner.ts';
import type { App } from '../http.ts';
import type { Store } from '../storage/store.ts';
import { changeRetention, migrationsOf, retentionOf } from './tables.ts';

const refusals = { '4xx': Problem, '5xx': Problem } as const;

/** @param snapshot takes a snapshot of the data directory */
export function registerAdmin(
  app: App,
  store: Pick<Store, 'upkeep'>,
  { owner, audit, snapshot }: { owner: Owner; audit: Audit; snapshot: () => Promise<Snapshot> },
): void {
  app.get(ADMIN_API.migrations, {
    schema: { summary: 'Steps to this version’s tables', response: { 200: Migrations, ...refusals } },
    handler: () => migrationsOf(store),
  });
  app.get(ADMIN_API.retention, {
    schema: { summary: 'How large each table is and for how long it is kept', response: { 200: Retention, ...refusals } },
    handler: () => retentionOf(store),
  });
  app.post(ADMIN_API.retention, {
    schema: { summary: 'Keep a class of tables for so many days', body: RetentionChange, response: { 200: Retention, ...refusals } },
    handler: (request) =>
      audit.of(request, { action: 'retention_change', target: request.body.class, detail: `${request.body.days} days` }, () =>
        changeRetention(store, request.body),
      ),
  });
  app.post(ADMIN_API.link, {
    schema: { summary: 'A link for a browser of the data directory’s owner', response: { 200: Link, ...refusals } },
    handler: async () => ({ path: owner.newLink(Date.now()) }),
  });
  app.post(ADMIN_API.snapshot, {
    schema: {
      summary: 'Freeze the tables and the log as they are, for a backup',
      description:
        'In the folder `snapshot` of the data directory. `tcplens admin backup` asks for it, copies it and removes it, and one that is there before.',
      body: object({}),
      response: { 200: Snapshot, ...refusals },
    },
    handler: (request) => audit.of(request, { action: 'snapshot', target: '' }, snapshot),
  });
}
