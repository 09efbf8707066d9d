// Routes for people: saved views.
import { Done } from '../api/access.ts';
import { MadeView, NewView, SavedViews as SavedViewsAnswer, VIEWS_API, ViewParams } from '../api/views.ts';
import { Problem } from '../api.ts';
import type { Audit } from '../door/audit.ts';
import type { App } from '../http.ts';
import { isOwner, type SavedViews } from './saved-views.ts';

const refusals = { '4xx': Problem, '5xx': Problem } as const;

export function registerViews(app: App, { views, audit }: { views: SavedViews; audit: Audit }): void {
  app.get(VIEWS_API.views, {
    schema: { summary: 'The views that people have saved', response: { 200: SavedViewsAnswer, ...refusals } },
    handler: async ({ who }) => ({
      views: views.list().map((view) => {
        const { owner_kind: _, ...rest } = view;
        return { ...rest, own: isOwner(view, who) };
      }),
    }),
  });
  app.post(VIEWS_API.views, {
    schema: { summary: 'Save a view under a name', body: NewView, response: { 200: MadeView, ...refusals } },
    handler: (request) =>
      audit.of(request, { action: 'view_save', target: request.body.name }, async () => ({
        id: await views.save(request.body, request.who, Date.now()),
      })),
  });
  app.delete(VIEWS_API.view, {
    schema: { summary: 'Remove a view: the own, or as an admin any', params: ViewParams, response: { 200: Done, ...refusals } },
    handler: (request) => {
      const { id } = request.params;
      return audit.of(request, { action: 'view_remove', target: views.nameOf(id) || id }, async () => {
        await views.remove(id, request.who);
        return { done: true as const };
      });
    },
  });
}
