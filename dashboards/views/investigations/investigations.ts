// The API client that this folder shares.
import { createInvestigationsClient } from '../../investigations-client.ts';
import { session } from '../../session.svelte.ts';

export const investigations = createInvestigationsClient(session.fetch);
