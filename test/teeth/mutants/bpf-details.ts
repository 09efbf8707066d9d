// What only an investigation sees: segments at sockets, packets at devices, and the kernel's stacks.
import { kernel, type Mutant, mutantsOf } from '../mutant.ts';

export const bpfDetails: readonly Mutant[] = [
  ...mutantsOf('bpf/programs/packets.bpf.c', [
    {
      why: 'a packet of several segments does not say how long each is',
      find: 'row->mss = BPF_CORE_READ(shared, gso_size);',
      replace: 'row->mss = 0;',
      suite: kernel('details', 'how long each is'),
    },
  ]),
  ...mutantsOf('bpf/programs/retransmit.bpf.c', [
    {
      why: 'what is sent again does not say how long its segments are',
      find: 'row->mss = BPF_CORE_READ(cb, tcp_gso_size);',
      replace: 'row->mss = 0;',
      suite: kernel('details', 'how long each is'),
    },
  ]),
  ...mutantsOf('bpf/programs/watch.bpf.h', [
    {
      why: 'what filters said of a connection holds for ever',
      find: 'watch->generation == detail->generation && now_ns < watch->until_ns',
      replace: 'watch->until_ns != 0',
      suite: kernel('details', 'what no filter asks for'),
    },
  ]),
  ...mutantsOf('bpf/programs/stack.bpf.h', [
    {
      why: 'every event that some filter wants has a stack',
      find: 'told->filters & detail->slots : 0;',
      replace: 'told->filters : 0;',
      suite: kernel('stacks', 'where nobody asks'),
    },
    {
      why: 'a stack costs a filter nothing',
      find: 'wanted = detail_pay(KIND_STACK, wanted, told->time_ns);',
      replace: ';',
      suite: kernel('stacks', 'pay from their filter'),
    },
    {
      why: 'a stack does not say of which event it is',
      find: 'row->about = told->kind;',
      replace: '',
      suite: kernel('stacks', 'each event that a filter wants'),
    },
    {
      why: 'of a drop it does not say why',
      find: 'row->about_reason_code = facts->reason_code;',
      replace: '',
      suite: kernel('stacks', 'each event that a filter wants'),
    },
  ]),
  ...mutantsOf('bpf/programs/windows.bpf.c', [
    {
      why: 'every window is a zero window',
      find: 'return !header.window && (',
      replace: 'return (',
      suite: kernel('zero-windows', 'each zero window'),
    },
    {
      why: 'a zero window is told though no filter wants it',
      find: 'head.filters = detail_ask(detail->slots, &head, &facts);',
      replace: 'head.filters = detail->slots;',
      suite: kernel('zero-windows', 'what no filter wants'),
    },
    {
      why: 'each device that queues a zero window tells of it',
      find: 'if (told && *told == sent)',
      replace: 'if (0)',
      suite: kernel('zero-windows', 'on top of another'),
    },
    {
      why: 'filters do not know that a zero window was sent',
      find: '{ .direction = DIRECTION_SENT }',
      replace: '{}',
      suite: kernel('zero-windows', 'each zero window'),
    },
    {
      why: 'a zero window has no round-trip time',
      find: 'head->srtt_us = BPF_CORE_READ(tp, srtt_us) >> 3;',
      replace: '',
      suite: kernel('zero-windows', 'each zero window'),
    },
  ]),
  ...mutantsOf('bpf/loader/details.c', [
    {
      why: 'zero windows are seen by nobody',
      find: '{ KIND_STACK, "net_dev_queue" },',
      replace: '',
      suite: kernel('zero-windows', 'each zero window'),
    },
  ]),
  ...mutantsOf('bpf/programs/detail.bpf.h', [
    {
      why: 'a row of details costs a filter nothing',
      find: 'answer = filter_charge(slot, now_ns);',
      replace: 'answer = 1;',
      suite: kernel('details', 'a budget holds'),
    },
  ]),
  ...mutantsOf('bpf/programs/tcp_options.bpf.h', [
    {
      why: 'the first SACK block is taken for all',
      find: 'options->sack[block].from = option_word(bytes, at + 2 + block * 8);',
      replace: 'options->sack[block].from = option_word(bytes, at + 2);',
      suite: kernel('details', 'header by header'),
    },
  ]),
];
