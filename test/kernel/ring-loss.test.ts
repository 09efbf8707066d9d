// A ring far too small for rows that nobody takes out of it: rows that it cannot hold are counted, and rows and losses add up to what
// happened.
import { expect } from 'vitest';
import { check, connections, decode, useTraffic, WEB } from '../support/filtered.ts';

const PAGE = 4096;
const CONNECTIONS = 100;
/** open and close, at both ends */
const ROWS = 4 * CONNECTIONS;

useTraffic();

check(
  'rows and counted losses are the connections made',
  async ({ source, filters, set, take, netns }) => {
    // What others connect on this machine is neither written nor lost.
    set(0, `kind = connection and ${netns}`);
    filters.exclusive(true);
    take(); // rows from before
    const before = source.counters().connection;
    await connections(WEB, CONNECTIONS);
    const taken = decode(take(), 'connection').length;
    const { written, ring_lost } = source.counters().connection;
    const lost = ring_lost - before.ring_lost;
    expect(lost).toBeGreaterThan(0);
    expect({ all: taken + lost, taken }).toEqual({ all: ROWS, taken: written - before.written });
  },
  { ring_bytes: PAGE },
);
