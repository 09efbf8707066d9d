// What agents are told of their settings, and how a change goes back.
import { type Mutant, mutantsOf, unit } from '../mutant.ts';

export const serverSettings: readonly Mutant[] = [
  ...mutantsOf('server/control/rollout.ts', [
    {
      why: 'all hosts take a change at once',
      find: "return stage === 'first' && !first.includes(host_id) ? base : version;",
      replace: 'return version;',
      suite: unit('server/control/rollout'),
    },
    {
      why: 'lost rows stop nothing',
      find: 'if (isMuch(lost, usual(before.lost)))',
      replace: 'if (false)',
      suite: unit('server/control/rollout'),
    },
    {
      why: 'withheld rows stop nothing',
      find: 'if (!accept_loss && isMuch(',
      replace: 'if (false && isMuch(',
      suite: unit('server/control/rollout'),
    },
    {
      why: 'hosts that do not take it stop nothing',
      find: 'if (late.length > 0)',
      replace: 'if (false)',
      suite: unit('server/control/rollout'),
    },
  ]),
  ...mutantsOf('server/control/rules.ts', [
    {
      why: 'one of the labels is enough',
      find: 'Object.entries(labels).every(',
      replace: 'Object.entries(labels).some(',
      suite: unit('server/control/rules'),
    },
  ]),
  ...mutantsOf('server/control/settings-book.ts', [
    {
      why: 'a bad value leaves',
      find: 'if (problem !== undefined) throw',
      replace: 'if (false) throw',
      suite: unit('server/control/control'),
    },
  ]),
];
