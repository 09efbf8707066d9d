// The page of investigations.
import { type Mutant, mutantsOf, unit } from '../mutant.ts';

export const dashboardsInvestigations: readonly Mutant[] = [
  ...mutantsOf('dashboards/investigation-words.ts', [
    {
      why: 'a budget that does not suffice is not told',
      find: 'most <= rows_per_s',
      replace: 'most >= 0',
      suite: unit('dashboards/investigation-words'),
    },
    {
      why: 'a viewer may start one',
      find: "me?.role === 'operator' || me?.role === 'admin'",
      replace: 'me !== null',
      suite: unit('dashboards/investigation-words'),
    },
  ]),
  ...mutantsOf('dashboards/investigate-link.ts', [
    {
      why: 'a server has its port at the other end',
      find: "server: 'local_port'",
      replace: "server: 'peer_port'",
      suite: unit('dashboards/investigate-link'),
    },
    {
      why: 'the hosts of the page are forgotten',
      find: 'terms.filter((term) => isSound(parseHosts, term))',
      replace: 'terms.filter(() => false)',
      suite: unit('dashboards/investigate-link'),
    },
  ]),
  ...mutantsOf('dashboards/investigations-view.ts', [
    { why: 'an id is anything', find: 'ID.test(text) ? text : undefined', replace: 'text', suite: unit('dashboards/view-state') },
  ]),
  ...mutantsOf('dashboards/verdict-comparison.ts', [
    {
      why: 'the later one is before',
      find: 'one.asked.begins_ms <= other.asked.begins_ms',
      replace: 'one.asked.begins_ms >= other.asked.begins_ms',
      suite: unit('dashboards/verdict-comparison'),
    },
    {
      why: 'other connections are compared',
      find: 'if (plain(before.expression) !== plain(after.expression))',
      replace: 'if (false)',
      suite: unit('dashboards/verdict-comparison'),
    },
  ]),
  ...mutantsOf('dashboards/verdict-words.ts', [
    {
      why: 'rows that do not come are awaited for ever',
      find: 'now_ms - endOf(one) < ON_THEIR_WAY_MS',
      replace: 'now_ms > 0',
      suite: unit('dashboards/verdict-words'),
    },
    {
      why: 'rows that a budget left out are not told',
      find: 'if (withheld === 0) return [];',
      replace: 'return [];',
      suite: unit('dashboards/verdict-words'),
    },
  ]),
  ...mutantsOf('dashboards/views/connection/both-ends.ts', [
    {
      why: 'the other end is later by it',
      find: 'const at = (time_ms: number) => time_ms - ms;',
      replace: 'const at = (time_ms: number) => time_ms + ms;',
      suite: unit('dashboards/both-ends'),
    },
    {
      why: 'its rows stay by their own clock',
      find: '- BigInt(Math.round(ms * NS_PER_MS))',
      replace: '- BigInt(Math.round(ms * 0))',
      suite: unit('dashboards/both-ends'),
    },
    {
      why: 'the axis is that of the first',
      find: 'Math.max(...ends.map(({ to_ms }) => to_ms))',
      replace: 'ends[0]?.to_ms ?? 0',
      suite: unit('dashboards/both-ends'),
    },
  ]),
];
