// The one client of this folder.
import { createInvestigationsClient } from '../../investigations-client.ts';
import { session } from '../../session.svelte.ts';

export const investigations = createInvestigationsClient(session.fetch);
