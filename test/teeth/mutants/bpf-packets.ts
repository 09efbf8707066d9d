// Packets, sweeps, and the way out of the kernel.
import { drops, fidelity, kernel, type Mutant, mutantsOf, unit } from '../mutant.ts';

export const bpfPackets: readonly Mutant[] = [
  ...mutantsOf('bpf/programs/packet.bpf.h', [
    { why: 'options count as payload', find: '(tcp.data_offset >> 4) * 4', replace: '20', suite: drops('D5b') },
    { why: 'IPv6 is not read', find: 'return packet_ipv6(packet, at);', replace: 'return false;', suite: fidelity('A6b') },
    {
      why: 'ends are swapped',
      find: 'head->local_port = received ? packet->to_port : packet->from_port',
      replace: 'head->local_port = received ? packet->from_port : packet->to_port',
      suite: fidelity('A4'),
    },
  ]),
  ...mutantsOf('bpf/programs/reset.bpf.c', [
    { why: 'an abort is in the state after it', find: 'head->state = last;', replace: '', suite: fidelity('A2') },
    {
      why: "a listener's reset has the listener's ends",
      find: 'head_ends_of(&head, &packet, DIRECTION_RECEIVED);',
      replace: ';',
      suite: fidelity('A8c'),
    },
    { why: 'resets without a socket are not told', find: '} else if (provoked) {', replace: '} else if (0) {', suite: fidelity('A4') },
    { why: 'the reason is not kept', find: 'row->reason_code = reason;', replace: 'row->reason_code = 0;', suite: fidelity('A2') },
    {
      why: 'an abort on data is a reset received',
      find: 'if (tp && !(memory &&',
      replace: 'if (tp && !(0 && memory &&',
      suite: fidelity('A3e'),
    },
    {
      why: 'received resets are sent',
      find: 'report(ctx, tp, NULL, NULL, DIRECTION_RECEIVED, 0)',
      replace: 'report(ctx, tp, NULL, NULL, DIRECTION_SENT, 0)',
      suite: fidelity('A1'),
    },
  ]),
  ...mutantsOf('bpf/programs/ring.bpf.h', [
    { why: 'written rows are not counted', find: 'count_one(&count->written);', replace: ';', suite: kernel('ring-loss') },
    { why: 'rows without room are not counted', find: 'count_one(&count->ring_lost);', replace: ';', suite: kernel('ring-loss') },
    {
      why: 'what a filter keeps back was over budget',
      find: 'if (live & FILTER_EXCLUSIVE)\n\t\t\tcount_one(&count->filtered)',
      replace: 'if (0)\n\t\t\tcount_one(&count->filtered)',
      suite: kernel('budget'),
    },
    {
      why: "a filter's rows are paid by their kind",
      find: 'if ((head->filters & ~scope) ||',
      replace: 'if (',
      suite: kernel('budget'),
    },
    { why: 'rows outside of the scope are written', find: 'if ((wanted & scope) != scope)', replace: 'if (0)', suite: kernel('budget') },
    { why: 'the scope pays for rows', find: 'if ((head->filters & ~scope) ||', replace: 'if (head->filters ||', suite: kernel('budget') },
    {
      why: 'budgets do not count',
      find: 'if (!(live & FILTER_EXCLUSIVE) && budget_spend(kind, now_ns))',
      replace: 'if (!(live & FILTER_EXCLUSIVE) && (budget_spend(kind, now_ns) || 1))',
      suite: kernel('budget'),
    },
    {
      why: 'the last row is left in the row',
      find: '__builtin_memset((__u64 *)row + sizeof(*head) / sizeof(__u64), 0, size - sizeof(*head));',
      replace: '',
      suite: kernel('abi', 'before'),
    },
  ]),
  ...mutantsOf('bpf/rows/budget.h', [
    {
      why: 'one more than the bucket has',
      find: 'next_ns - now_ns > bucket_ns',
      replace: 'next_ns - now_ns > bucket_ns + interval_ns',
      suite: unit('bpf/rows/budget'),
    },
    {
      why: 'one less than the bucket has',
      find: 'next_ns - now_ns > bucket_ns',
      replace: 'next_ns - now_ns >= bucket_ns',
      suite: unit('bpf/rows/budget'),
    },
    {
      why: 'two at once get one token',
      find: '__sync_val_compare_and_swap(&budget->full_ns, full_ns, next_ns) == full_ns',
      replace: '(budget->full_ns = next_ns)',
      suite: unit('bpf/rows/budget'),
    },
    { why: 'a rest saves up tokens', find: '(full_ns > now_ns ? full_ns : now_ns)', replace: 'full_ns', suite: unit('bpf/rows/budget') },
  ]),
  ...mutantsOf('bpf/rows/filter_eval.h', [
    { why: 'a bound is not in its range', find: '& (a - b - borrow)', replace: '& (a - b)', suite: unit('agent/filter/equal') },
    { why: 'what is above is in', find: ' & ~below & ~above', replace: ' & ~below', suite: unit('agent/filter/equal') },
    { why: 'yes and no are swapped', find: 'at = step->no ^', replace: 'at = step->yes ^', suite: unit('agent/filter/equal') },
    {
      why: 'bytes are in the order of the machine',
      find: 'return __builtin_bswap64(word);',
      replace: 'return word;',
      suite: unit('agent/filter/equal'),
    },
    { why: 'every kind is asked', find: '(step->kinds >> (kind & 15)) & 1', replace: '1', suite: unit('agent/filter/equal') },
  ]),
  ...mutantsOf('bpf/programs/filter.bpf.h', [
    {
      why: 'a filter never ends',
      find: 'filter && now_ns < filter->end_ns ? filter : NULL',
      replace: 'filter',
      suite: kernel('filter', 'expired'),
    },
    {
      why: 'only the first filter marks its rows',
      find: '(answer & 1) << slot',
      replace: '(answer & 1)',
      suite: kernel('filter', 'several at once'),
    },
    {
      why: "what a filter's budget withholds is not counted",
      find: '__sync_fetch_and_add(&filter->counters.over_budget, 1);',
      replace: '',
      suite: kernel('budget'),
    },
  ]),
  ...mutantsOf('bpf/programs/flow.bpf.h', [
    {
      why: 'ports of the peer are in network order',
      find: 'bpf_ntohs(common->skc_dport)',
      replace: 'common->skc_dport',
      suite: kernel('owner', 'server prefork'),
    },
    {
      why: 'addresses are swapped',
      find: 'addr_v4(head->local_addr, common->skc_rcv_saddr);\n\t\taddr_v4(head->peer_addr, common->skc_daddr)',
      replace: 'addr_v4(head->local_addr, common->skc_daddr);\n\t\taddr_v4(head->peer_addr, common->skc_rcv_saddr)',
      suite: fidelity('D1'),
    },
    { why: 'an IPv4 address is not mapped', find: 'to[10] = 0xff;', replace: '', suite: fidelity('A8c') },
    {
      why: 'the RTT is in eighths',
      find: 'head->srtt_us = tp->srtt_us >> 3',
      replace: 'head->srtt_us = tp->srtt_us',
      suite: fidelity('R4'),
    },
  ]),
  ...mutantsOf('bpf/programs/tcp.bpf.h', [
    {
      why: 'the running clock is not charged',
      find: 'chrono[1] = tp->chrono_stat[1] + (type == 2 ? running : 0)',
      replace: 'chrono[1] = tp->chrono_stat[1]',
      suite: fidelity('B10'),
    },
    {
      why: 'a FIN is a byte received',
      find: 'return tp->bytes_received - sock_flag(tp, bpf_core_enum_value(enum sock_flags, SOCK_DONE))',
      replace: 'return tp->bytes_received',
      suite: kernel('counters', 'the bytes of every close row'),
    },
    {
      why: 'a FIN is a byte unread',
      find: 'return unread ? unread - sock_flag(tp, bpf_core_enum_value(enum sock_flags, SOCK_DONE)) : 0',
      replace: 'return unread',
      suite: fidelity('R6'),
    },
    {
      why: 'idle is since the later of the two',
      find: 'since_data < since_ack ?',
      replace: 'since_data > since_ack ?',
      suite: fidelity('A1c'),
    },
  ]),
  ...mutantsOf('bpf/programs/sample.bpf.c', [
    {
      why: 'every sweep tells of the opening again',
      find: '__sync_fetch_and_and(&memory->edition, ~EDITION_OPENED)',
      replace: '__sync_fetch_and_and(&memory->edition, ~0U)',
      suite: kernel('opens', 'told once'),
    },
    {
      why: 'no sweep tells of an opening',
      find: 'report_open(tp, memory, slice->now_ns);',
      replace: ';',
      suite: kernel('opens', 'told once'),
    },
    {
      why: 'what stands still is sampled',
      find: 'BPF_CORE_READ(tp, segs_in) != last->segs_in ||',
      replace: '1 ||',
      suite: kernel('loader', 'counts from where'),
    },
    {
      why: 'what only received is not sampled',
      find: 'BPF_CORE_READ(tp, segs_in) != last->segs_in ||',
      replace: '',
      suite: fidelity('B10'),
    },
    { why: 'a slice never ends', find: 'slice->visits--;', replace: '', suite: kernel('sweep', 'twenty thousand') },
    {
      why: 'an iterator that holds the lock takes the socket for busy',
      find: 'holds_lock = bpf_core_type_exists(struct bpf_tcp_iter_state);',
      replace: '',
      suite: kernel('sweep', 'no process has accepted'),
    },
    {
      why: 'a row is written over the last one',
      find: 'slice->rows++;',
      replace: 'slice->rows = 1;',
      suite: kernel('sweep', 'twenty thousand'),
    },
  ]),
  ...mutantsOf('bpf/programs/sample_row.bpf.h', [
    {
      why: 'a sample tells what the last one told',
      find: 'memory->sampled = now.sampled;',
      replace: '',
      suite: kernel('sweep', 'again and again'),
    },
    {
      why: 'the account is not turned',
      find: 'memory->accounts[1] = now.account;',
      replace: '',
      suite: kernel('sweep', 'samples and close rows'),
    },
    {
      why: 'a delta is a total',
      find: 'now.account.bytes_received - account->bytes_received',
      replace: 'now.account.bytes_received',
      suite: kernel('sweep', 'again and again'),
    },
  ]),
  ...mutantsOf('bpf/programs/preexisting.bpf.c', [
    {
      why: 'the program does nothing',
      find: 'if (tp && !memory_of',
      replace: 'if (0 && !memory_of',
      suite: kernel('sweep', 'that no process has accepted'),
    },
  ]),
  ...mutantsOf('bpf/programs/netns.bpf.c', [
    {
      why: 'threads stand for nothing',
      find: 'holder.pid = task->pid;',
      replace: 'holder.pid = task->tgid;',
      suite: kernel('namespaces', 'a thread lives in'),
    },
    {
      why: 'host names are not read',
      find: 'BPF_CORE_READ_STR_INTO(&holder.hostname, uts, name.nodename);',
      replace: ';',
      suite: kernel('namespaces', 'by its host name'),
    },
  ]),
];
