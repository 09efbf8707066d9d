// What an agent keeps of the past, and gives to an investigation.
import { kernel, type Mutant, mutantsOf, unit } from '../mutant.ts';

export const agentInvestigations: readonly Mutant[] = [
  ...mutantsOf('agent/black-box/black-box.ts', [
    {
      why: 'what the box keeps is sent to the collector too',
      find: 'ring !== undefined && wanted === this.#bit',
      replace: 'false',
      suite: kernel('black-box', 'first rows of an investigation'),
    },
    {
      why: 'an investigation gets rows that it has not asked for',
      find: 'if (!matchesRow(filter, kind, view, at)) continue;',
      replace: '',
      suite: kernel('black-box', 'something else'),
    },
    {
      why: 'rows of the past bear nobody’s mark',
      find: 'view.setUint32(at + HEAD_AT.filters, 1 << slot, true);',
      replace: '',
      suite: kernel('black-box', 'first rows of an investigation'),
    },
    {
      why: 'the box takes the rows of who has its place now',
      find: 'if (this.#slot === undefined && this.#bit === 1 << slot) this.#bit = 0;',
      replace: '',
      suite: kernel('black-box', 'given back'),
    },
    {
      why: 'rows of all events know of the box',
      find: "this.#slot = slots.take(program, budget, 'packets', true);",
      replace: "this.#slot = slots.take(program, budget, 'packets', false);",
      suite: kernel('black-box', 'withheld from nobody'),
    },
  ]),
  ...mutantsOf('agent/black-box/row-ring.ts', [
    {
      why: 'the newest rows come first',
      find: '[this.#bytes.subarray(this.#next), newest]',
      replace: '[newest, this.#bytes.subarray(this.#next)]',
      suite: unit('agent/black-box/row-ring'),
    },
  ]),
  ...mutantsOf('agent/black-box/worst-edges.ts', [
    {
      why: 'attempts that sent nothing count',
      find: "if (outcome === 'refused') return;",
      replace: '',
      suite: unit('agent/black-box/worst-edges'),
    },
    {
      why: 'a trouble of long ago is never over',
      find: 'counted.segments *= KEPT_SHARE;',
      replace: '',
      suite: unit('agent/black-box/worst-edges'),
    },
  ]),
];
