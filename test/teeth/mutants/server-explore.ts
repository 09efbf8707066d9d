// Any question, and what differs in a time.
import { type Mutant, mutantsOf, unit } from '../mutant.ts';

export const serverExplore: readonly Mutant[] = [
  ...mutantsOf('server/storage/explore/statement.ts', [
    {
      why: 'the rest is left out',
      find: "if(${rest}, '', toString(${as",
      replace: "if(false, '', toString(${as",
      suite: unit('server/storage/explore/explore'),
    },
    {
      why: 'groups of few samples come first',
      find: "list(['others', 'is_few', ",
      replace: "list(['others', ",
      suite: unit('server/storage/explore/explore'),
    },
    {
      why: 'the largest count as those that moved most',
      find: 'return isByMove ? `abs(',
      replace: 'return isByMove && ranked.least ? `abs(',
      suite: unit('server/storage/explore/explore'),
    },
  ]),
  ...mutantsOf('server/storage/explore/grouped.ts', [
    { why: 'the earlier time is not moved', find: '+ ${earlier_s})`', replace: ')`', suite: unit('server/storage/explore/explore') },
    {
      why: 'the others of hosts are a group',
      find: "dimensions.every(isOfHosts) ? 'false' : 'others'",
      replace: "'false'",
      suite: unit('server/storage/explore/explore'),
    },
  ]),
  ...mutantsOf('server/storage/explore/differs/weights.ts', [
    {
      why: 'what grows with all others explains the rise',
      find: 'expected: [0, before.part > 0 ? 1 / before.part : 0, 0, 0]',
      replace: 'expected: [0, 0, 0, 0]',
      suite: unit('server/storage/explore/differs-weights'),
    },
    {
      why: 'a ratio is compared with nothing',
      find: 'const { was } = moved;',
      replace: 'const was = 0;',
      suite: unit('server/storage/explore/differs-weights'),
    },
  ]),
  ...mutantsOf('server/storage/explore/differs/statement.ts', [
    {
      why: 'values of few samples come first',
      find: ', few, excess DESC',
      replace: ', excess DESC',
      suite: unit('server/storage/differs.contract'),
    },
  ]),
  ...mutantsOf('server/storage/explore/watched-hosts.ts', [
    {
      why: 'an address of several hosts is that of one',
      find: 'HAVING uniqExact(host_id) = 1 ',
      replace: '',
      suite: unit('server/storage/explore/explore'),
    },
  ]),
  ...mutantsOf('server/storage/explore/histograms.ts', [
    {
      why: 'the end of a connection repeats the longest turn of its samples',
      find: "event = 'close' AND tells_open AND ",
      replace: "event = 'close' AND ",
      suite: unit('server/storage/explore/explore'),
    },
  ]),
  ...mutantsOf('server/storage/explore/metrics.ts', [
    {
      why: 'a connection counts at both of its ends',
      find: "sum('connected', 'connections', CLIENT",
      replace: "sum('opened', 'connections', CLIENT",
      suite: unit('server/storage/explore/explore'),
    },
  ]),
];
