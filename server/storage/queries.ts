// What can be asked of the store: the seam between storage and the routes. Each answers exactly a type of api.ts.
export { connection } from './queries/connection.ts';
export { edges } from './queries/edges.ts';
export { hosts } from './queries/hosts.ts';
export { overview } from './queries/overview.ts';
export { retransmitFromRow, retransmits } from './queries/retransmits.ts';
