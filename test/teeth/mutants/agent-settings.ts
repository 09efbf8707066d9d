// What an agent takes of the settings that it is told.
import { type Mutant, mutantsOf, unit } from '../mutant.ts';

export const agentSettings: readonly Mutant[] = [
  ...mutantsOf('agent/settings/settings.ts', [
    { why: 'a pin holds nothing', find: 'pinned.includes(name) ?', replace: 'false ?', suite: unit('agent/settings/remote') },
    {
      why: 'nothing is kept for a start without a collector',
      find: 'await writeKept(directory, wanted)',
      replace: 'await Promise.resolve()',
      suite: unit('agent/settings/remote'),
    },
    {
      why: 'changes are told and not made',
      find: 'for (const name of changed) this.#apply(name);',
      replace: '',
      suite: unit('agent/settings/remote'),
    },
  ]),
];
