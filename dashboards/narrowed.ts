// The filter for the page that a row or figure links to.
import { addTest, allOf, removeTests, testOf } from '../agent/contract/language/write.ts';
import type { Edge } from '../server/api.ts';

/** What the connections of a row have in common. A listener has no peer. */
type Common = Pick<Edge, 'host' | 'comm' | 'port'> & { peer_addr?: string };

/** The filter narrowed to the connections of this row. It names the host only if there are several hosts. */
export function narrowed(filter: string, { host, comm, peer_addr, port }: Common, manyHosts: boolean): string {
  const tests: [field: string, value: string | undefined][] = [
    ['host', manyHosts ? host : undefined],
    ['process', comm],
    ['peer', peer_addr],
    ['service_port', port === 0 ? '' : String(port)],
  ];
  return tests.reduce((before, [field, value]) => {
    if (value === undefined) return before;
    return value === '' ? allOf(removeTests(before, field), UNKNOWN[field] ?? '') : addTest(before, field, value);
  }, filter);
}

/** Tests that match an unknown value. */
const UNKNOWN: Readonly<Record<string, string>> = { process: 'not process = *', service_port: 'not service_port >= 1' };

/** A field of the language, and the values that it may have. */
export type Narrowing = readonly [field: string, values: readonly string[]];

/** The filter with each of these fields narrowed to its values. */
export const narrowedTo = (filter: string, ...by: readonly Narrowing[]): string =>
  by.reduce((before, [field, values]) => {
    const [only = '', ...more] = values;
    if (more.length > 0) return allOf(removeTests(before, field), testOf(field, 'in', ...values));
    return only === '' ? allOf(removeTests(before, field), UNKNOWN[field] ?? '') : addTest(before, field, only);
  }, filter);
