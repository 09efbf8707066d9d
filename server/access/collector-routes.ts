// Routes for admins: list the collectors of a store, and forget their CAs.
import { CollectorParams, Collectors as CollectorsAnswer, Done } from '../api/access.ts';
import { ADMIN_API } from '../api/admin.ts';
import { Problem } from '../api.ts';
import type { Audit } from '../door/audit.ts';
import type { App } from '../http.ts';
import type { Collectors } from './collectors.ts';

const refusals = { '4xx': Problem, '5xx': Problem } as const;

export function registerCollectors(app: App, { collectors, audit }: { collectors: Collectors; audit: Audit }): void {
  app.get(ADMIN_API.collectors, {
    schema: { summary: 'The collectors of this store, by their CAs', response: { 200: CollectorsAnswer, ...refusals } },
    handler: async () => ({ authorities: collectors.list() }),
  });
  app.delete(ADMIN_API.collector, {
    schema: {
      summary: 'Agents trust the CA of a collector that is gone no more',
      params: CollectorParams,
      response: { 200: Done, ...refusals },
    },
    handler: (request) => {
      const { id } = request.params;
      return audit.of(request, { action: 'collector_forget', target: id }, async () => {
        await collectors.forget(id, Date.now());
        return { done: true as const };
      });
    },
  });
}
