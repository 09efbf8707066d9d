// The loader: how rows are taken out, named and counted.
import { kernel, type Mutant, mutantsOf, unit } from '../mutant.ts';

export const loaderRows: readonly Mutant[] = [
  ...mutantsOf('bpf/loader/reader.c', [
    { why: 'times are since the boot', find: 'time_ns += offset_ns;', replace: '', suite: kernel('abi') },
    {
      why: 'the last row is left out of the buffer',
      find: 'while (used + row <= size)',
      replace: 'while (used + row < size)',
      suite: kernel('abi'),
    },
  ]),
  ...mutantsOf('bpf/loader/row_calls.c', [
    { why: 'a buffer for less than a row is filled', find: '|| size < row_size(kind)', replace: '', suite: kernel('abi') },
  ]),
  ...mutantsOf('bpf/loader/ring.c', [
    {
      why: 'the window does not go along',
      find: 'if (in_ring - ring->from >= ring->room',
      replace: 'if (0 && in_ring - ring->from >= ring->room',
      suite: kernel('tally', 'read too'),
    },
    {
      why: 'what was read is read again',
      find: '__atomic_store_n(ring->consumed, walk->at, __ATOMIC_RELEASE);',
      replace: ';',
      suite: kernel('loader', 'counts from where'),
    },
  ]),
  ...mutantsOf('bpf/loader/netns.c', [
    {
      why: 'it stays in the other namespace',
      find: 'if (home >= 0 && setns(home, CLONE_NEWNET) < 0)',
      replace: 'if (0)',
      suite: kernel('namespaces', 'an open file and a socket'),
    },
    {
      why: 'other namespaces are not entered',
      find: '(setns(there, CLONE_NEWNET) < 0)',
      replace: '(!there)',
      suite: kernel('namespaces', 'a thread lives in'),
    },
    {
      why: 'old sockets are not met',
      find: 'sweep__meet(iterator);',
      replace: 'close(iterator);',
      suite: kernel('sweep', 'no process has accepted'),
    },
    {
      why: 'inode and cookie are swapped',
      find: 'at.inode = status.st_ino;',
      replace: 'at.inode = at.cookie, at.cookie = status.st_ino;',
      suite: kernel('namespaces', 'used again'),
    },
  ]),
  ...mutantsOf('bpf/loader/sweep.c', [
    { why: 'rows of a slice are given twice', find: 'state.taken += count;', replace: '', suite: kernel('sweep', 'twenty thousand') },
    {
      why: 'the sweep ends after its first slice',
      find: 'return;\n\tclose(state.iterator);\n\tstate.iterator = next_entered();',
      replace: '{}\n\tclose(state.iterator);\n\tstate.iterator = next_entered();',
      suite: kernel('sweep', 'twenty thousand'),
    },
    {
      why: 'it says that it is done while slices are left',
      find: 'return state.met_count > 0 || state.due || state.iterator',
      replace: 'return state.met_count > 0 || state.due',
      suite: kernel('sweep', 'twenty thousand'),
    },
  ]),
  ...mutantsOf('bpf/loader/tally.c', [
    {
      why: 'a close that tells of the opening is counted as a close only',
      find: 'add_histograms(group, plan, row);\n\t}',
      replace: 'add_histograms(group, plan, row);\n\t\treturn;\n\t}',
      suite: kernel('storm', 'over ipv4'),
    },
    { why: 'a group has no rows', find: 'group->rows++;', replace: '', suite: unit('bpf/loader/tally') },
    {
      why: 'a bound is in the next bucket',
      find: 'bucket += value > state.program.bound[i]',
      replace: 'bucket += value >= state.program.bound[i]',
      suite: unit('bpf/loader/tally'),
    },
    {
      why: 'nothing is the least',
      find: 'sums->min = value && value < sums->min',
      replace: 'sums->min = value < sums->min',
      suite: unit('bpf/loader/tally'),
    },
    {
      why: 'a plan takes rows of other plans',
      find: 'if (plan->if_is && row[plan->when] != plan->is)',
      replace: 'if (0)',
      suite: unit('bpf/loader/tally'),
    },
    {
      why: 'a value may be more than its most',
      find: 'values[i] = values[i] < most ? values[i] : most;',
      replace: '(void)most;',
      suite: unit('bpf/loader/tally'),
    },
  ]),
  ...mutantsOf('bpf/loader/tally_check.c', [
    {
      why: 'a part may end behind its row',
      find: 'part->from + read <= row',
      replace: 'part->from < row',
      suite: unit('bpf/loader/tally'),
    },
    { why: 'a number may end behind its row', find: 'from + size <= row', replace: 'from < row', suite: unit('bpf/loader/tally') },
  ]),
  ...mutantsOf('bpf/loader/tally_groups.c', [
    {
      why: 'rows without room are lost in the last group',
      find: 'id = (union group_id){ .plan = id.plan, .overflow = 1 };',
      replace: 'id = (union group_id){ .plan = id.plan, .overflow = 0 };',
      suite: unit('bpf/loader/tally'),
    },
    { why: 'a term that was cut is not marked', find: 'id.cut |= (__u8)(1 << i);', replace: '', suite: unit('bpf/loader/tally') },
    {
      why: 'one group more than there may be',
      find: 'state.whole < state.whole_max',
      replace: 'state.whole <= state.whole_max',
      suite: unit('bpf/loader/tally'),
    },
  ]),
  ...mutantsOf('bpf/loader/tally_terms.c', [
    {
      why: 'a term is known at its first word',
      find: '!memcmp(&set->list[set->slots[slot] - 1], &term, sizeof(term))',
      replace: '!memcmp(&set->list[set->slots[slot] - 1], &term, 8)',
      suite: unit('bpf/loader/tally'),
    },
    {
      why: 'one term more than there may be',
      find: 'if (set->count >= set->max)',
      replace: 'if (set->count > set->max)',
      suite: unit('bpf/loader/tally'),
    },
  ]),
  ...mutantsOf('bpf/loader/counter.c', [
    {
      why: 'the thread counts nothing',
      find: 'int of_kind = counter__has(kind) ? reader__count(kind) : 0;',
      replace: 'int of_kind = 0;',
      suite: kernel('tally', 'nobody reads'),
    },
  ]),
];
