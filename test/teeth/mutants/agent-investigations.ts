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
      find: 'this.#slot = slots.take(program, budget, LOOK, true);',
      replace: 'this.#slot = slots.take(program, budget, LOOK, false);',
      suite: kernel('black-box', 'withheld from nobody'),
    },
  ]),
  ...mutantsOf('agent/investigations/slots.ts', [
    {
      why: 'rows of who had the place before are given to who takes it',
      find: '    this.#emptyRings();\n',
      replace: '',
      suite: kernel('black-box', 'lies in the rings'),
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
  ...mutantsOf('agent/host/stack-names.ts', [
    {
      why: 'the program that looked is part of the stack',
      find: 'names.slice(from < 0 ? 0 : to < 0 ? names.length : to)',
      replace: 'names',
      suite: unit('agent/host/stack-names'),
    },
    {
      why: 'names run into each other',
      find: 'if (separator > 0) stack[used] = SPACE;',
      replace: '',
      suite: unit('agent/host/stack-names'),
    },
    {
      why: 'the stacks of all rows are that of the first',
      find: 'const names = namesOf(addressesAt(view, at + STACK_AT.stack), kernel);',
      replace: 'const names = namesOf(addressesAt(view, STACK_AT.stack), kernel);',
      suite: unit('agent/host/stack-names'),
    },
  ]),
  ...mutantsOf('agent/verdict/stacks.ts', [
    {
      why: 'stacks of other events are counted together',
      find: '`${host_id} ${about} ${what} ${row.stack}\\n${row.user_stack}`',
      replace: '`${host_id} ${about} ${row.stack}\\n${row.user_stack}`',
      suite: unit('agent/verdict/stacks'),
    },
    {
      why: 'the rarest comes first',
      find: 'other.rows - one.rows',
      replace: 'one.rows - other.rows',
      suite: unit('agent/verdict/stacks'),
    },
  ]),
  ...mutantsOf('agent/filter/run.ts', [
    {
      why: 'a row inside a scope looks as if somebody had asked for it',
      find: 'pick(kind, rows, 1 << FILTER_SCOPE)',
      replace: 'pick(kind, rows)',
      suite: kernel('budget', 'inside a scope'),
    },
  ]),
  ...mutantsOf('agent/filter/compile.ts', [
    {
      why: 'a filter for stacks alone is taken',
      find: 'if (isOfStacks(',
      replace: 'if (!filter && isOfStacks(',
      suite: unit('agent/filter/refusals'),
    },
  ]),
];
