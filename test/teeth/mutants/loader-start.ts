// The loader: what is loaded and attached, and what is given up.
import { fidelity, kernel, type Mutant, mutantsOf } from '../mutant.ts';

export const loaderStart: readonly Mutant[] = [
  ...mutantsOf('bpf/loader/loader.c', [
    { why: 'a second start beside the first is let in', find: 'if (hooks__are_loaded())', replace: 'if (0)', suite: kernel('abi') },
    { why: 'closing leaves the programs', find: 'hooks__close();', replace: '', suite: kernel('loader', 'all hooks attach here') },
    {
      why: 'the walk at the start is left out',
      find: 'loader__walk(NULL, 0) < 0',
      replace: '0',
      suite: kernel('owner', 'older than the agent'),
    },
  ]),
  ...mutantsOf('bpf/loader/maps.c', [
    {
      why: 'maps are not shared',
      find: 'bpf_map__reuse_fd(map, shared_map(name));',
      replace: ';',
      suite: kernel('loader', 'counts from where'),
    },
    {
      why: 'rings have one page',
      find: 'size = ring_bytes >> rings[kind].share',
      replace: 'size = 0',
      suite: kernel('tally', 'nobody reads'),
    },
  ]),
  ...mutantsOf('bpf/loader/constants.c', [
    {
      why: 'the tick is a millisecond',
      find: 'jiffy_us = (__u32)(tick.tv_nsec / 1000);',
      replace: 'jiffy_us = 1000;',
      suite: fidelity('B3'),
    },
    {
      why: 'rows have no host',
      find: 'set_constant(object, values, room, "host_id"',
      replace: 'set_constant(object, values, room, "no_id"',
      suite: kernel('abi'),
    },
  ]),
  ...mutantsOf('bpf/loader/filters.c', [
    { why: 'a filter that jumps back is taken', find: 'if (step->yes <= i ||', replace: 'if (', suite: kernel('abi') },
    {
      why: 'a filter that was taken away stays',
      find: 'write_control(live.control & ~(1U << slot))',
      replace: 'write_control(live.control)',
      suite: kernel('filter', 'replaced and taken away'),
    },
    {
      why: 'the next filter is put into the map in use',
      find: 'live.spare = live.fds[slot];',
      replace: '',
      suite: kernel('filter', 'replaced again and again'),
    },
    {
      why: 'an exclusive filter lets all through',
      find: 'exclusive ? live.control | FILTER_EXCLUSIVE',
      replace: 'exclusive ? live.control',
      suite: kernel('filter', 'only what matches'),
    },
    {
      why: 'a filter ends at once',
      find: 'filter.end_ns -= filter.end_ns < offset_ns ? filter.end_ns : offset_ns;',
      replace: 'filter.end_ns = 0;',
      suite: kernel('filter', 'only what matches'),
    },
  ]),
  ...mutantsOf('bpf/loader/object.c', [
    { why: 'damage is not looked for', find: 'crc != cksum(bytes, length)', replace: '0', suite: kernel('refusals', 'an object') },
    {
      why: 'objects of other sources are taken',
      find: 'else if (headers != SHARED_HEADERS_CKSUM)',
      replace: 'else if (0)',
      suite: kernel('refusals', 'an object'),
    },
  ]),
  ...mutantsOf('bpf/loader/waker.c', [
    { why: 'nobody is woken', find: 'send(waker.socket, &byte, 1, MSG_NOSIGNAL) != 1', replace: '0', suite: kernel('abi') },
  ]),
  ...mutantsOf('bpf/loader/hooks.c', [
    {
      why: 'a refused hook is loaded',
      find: 'return !state.absent[hook] && !state.refused[hook];',
      replace: 'return !state.absent[hook];',
      suite: kernel('loader', 'a refused hook'),
    },
    {
      why: 'the others of an object go with a refused one',
      find: 'i = from; result < 0 && to - from > 1 && i < to',
      replace: 'i = from; 0 && i < to',
      suite: kernel('loader', 'does not have leaves the others'),
    },
    {
      why: 'a failed attach has no reason',
      find: 'say_why(i, stage, error);',
      replace: '(void)stage;',
      suite: kernel('loader', 'a damaged object'),
    },
  ]),
  ...mutantsOf('bpf/loader/privileges.c', [
    {
      why: 'the bounding set stays',
      find: 'prctl(PR_CAPBSET_DROP, one, 0, 0, 0) == 0;)',
      replace: 'prctl(PR_CAPBSET_DROP, one, 0, 0, 0) == 1;)',
      suite: kernel('guest', 'every thread keeps'),
    },
    {
      why: 'only the calling thread gives up',
      find: 'if (progress == UNTOUCHED)',
      replace: 'if (progress == UNTOUCHED && atoi(thread->d_name) == getpid())',
      suite: kernel('guest', 'every thread keeps'),
    },
    {
      why: 'new privileges can be had',
      find: 'prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);',
      replace: '',
      suite: kernel('guest', 'every thread keeps'),
    },
  ]),
];
