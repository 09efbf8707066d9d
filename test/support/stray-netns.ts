// Removes network namespaces that killed tests have left: sweeps of later tests would look into each of them.
import { existsSync, readdirSync } from 'node:fs';
import { ip } from './netns.ts';

/** Where `ip netns` keeps them; missing where there never was one. */
const DIRECTORY = '/run/netns';
/** The names that tests give (netns.ts, lone-netns.ts, fleet/lan.ts): the pid of the test's process is in each. */
const OF_TESTS = /^tl[a-z]?(\d+)/;

/** @returns the names of those that were removed */
export function removeStrayNetns(): string[] {
  const names = existsSync(DIRECTORY) ? readdirSync(DIRECTORY) : [];
  const stray = names.filter((name) => {
    const pid = OF_TESTS.exec(name)?.[1];
    return pid !== undefined && !existsSync(`/proc/${pid}`);
  });
  for (const name of stray) ip('netns', 'delete', name);
  return stray;
}
