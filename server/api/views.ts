// Saved views: a name, and the link of a page as the address bar shows it.
import { type Static, Type } from 'typebox';
import { Ms, object } from './schema.ts';

export const VIEWS_API = { views: '/api/v1/views', view: '/api/v1/views/:id' } as const;

const Hex64 = Type.String({ pattern: '^[0-9a-f]{16}$' });
export const ViewName = Type.String({ minLength: 1, maxLength: 80, pattern: '\\S' });
export const ViewLink = Type.String({ maxLength: 8192, pattern: '^(\\?[!-~]*)?$', description: "what follows the page's path: ?page=…" });

export const NewView = object({ name: ViewName, link: ViewLink });
export type NewView = Static<typeof NewView>;
export const MadeView = object({ id: Hex64 });
export type MadeView = Static<typeof MadeView>;
export const ViewParams = object({ id: Hex64 });

export const SavedViews = object({
  views: Type.Array(
    object({
      id: Hex64,
      name: ViewName,
      link: ViewLink,
      owner: Type.String({ description: 'who saved it' }),
      made_ms: Ms,
      own: Type.Boolean({ description: 'saved by whoever asks' }),
    }),
    { description: 'by name' },
  ),
});
export type SavedViews = Static<typeof SavedViews>;
