// The loader: what is loaded and attached, and what is given up.
import { fidelity, kernel, type Mutant, mutantsOf, unit } from '../mutant.ts';

export const loaderStart: readonly Mutant[] = [
  ...mutantsOf('bpf/loader/loader.c', [
    { why: 'a second start beside the first is let in', find: 'if (is_started)', replace: 'if (0)', suite: kernel('abi') },
    { why: 'closing leaves the programs', find: 'hooks__close();', replace: '', suite: kernel('loader', 'all hooks attach here') },
  ]),
  ...mutantsOf('agent/loader.ts', [
    {
      why: 'the walk at the start is left out',
      find: '  hostCalls.walk();\n',
      replace: '',
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
      find: '(__u64)(tick.tv_nsec / 1000)',
      replace: '1000',
      suite: fidelity('B3'),
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
  ...mutantsOf('agent/loader-object.ts', [
    {
      why: 'damage is not looked for',
      find: "digest !== createHash('sha256').update(bytes).digest('hex')",
      replace: 'false',
      suite: unit('agent/loader-object'),
    },
    {
      why: 'objects of other sources are taken',
      find: 'headers !== SHARED_HEADERS',
      replace: 'headers === undefined',
      suite: unit('agent/loader-object'),
    },
  ]),
  ...mutantsOf('bpf/loader/waker.c', [
    { why: 'nobody is woken', find: 'send(waker.socket, &byte, 1, MSG_NOSIGNAL) != 1', replace: '0', suite: kernel('abi') },
  ]),
  ...mutantsOf('agent/loader-hooks.ts', [
    { why: 'rows have no host', find: "['host_id', options.host_id]", replace: "['no_id', options.host_id]", suite: kernel('abi') },
    {
      why: 'a refused hook is loaded',
      find: 'if (options.refuse.includes(program))',
      replace: "if (options.refuse.includes(program) && program === '')",
      suite: kernel('loader', 'a refused hook'),
    },
    {
      why: 'the others of an object go with a refused one',
      find: '< 0 && programs.length > 1)',
      replace: '< 0 && programs.length > 9)',
      suite: kernel('loader', 'does not have leaves the others'),
    },
    {
      why: 'an object that cannot be opened has no reason',
      find: '`open: ${bytes}`',
      replace: "''",
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
