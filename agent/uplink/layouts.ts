// Tells a collector how the rows of the schemas lie that this agent has in its spool.
import type { Layout } from '../../bpf/layout.ts';
import { HEADERS, LAYOUTS_PATH } from '../batch-envelope.ts';
import { type Answer, post } from './post.ts';

/** All of them: the next collector behind the same address may know none. */
export function postLayouts(collector: string, host_id: string, layouts: Iterable<Layout>, signal: AbortSignal): Promise<Answer> {
  const headers = { 'content-type': 'application/json', [HEADERS.hostId]: host_id };
  return post(collector + LAYOUTS_PATH, headers, Buffer.from(JSON.stringify({ layouts: [...layouts] })), signal);
}
