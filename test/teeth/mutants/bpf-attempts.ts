// Retransmissions, whether they were needed, and what congestion control makes of them.
import { fidelity, kernel, type Mutant, mutantsOf } from '../mutant.ts';

export const bpfAttempts: readonly Mutant[] = [
  ...mutantsOf('bpf/programs/retransmit.bpf.c', [
    { why: 'the program does nothing', find: 'if (!tp)\n\t\treturn 0;', replace: 'return 0;', suite: fidelity('D1f') },
    { why: 'an event is one segment', find: 'return segments ? segments : 1;', replace: 'return 1;', suite: fidelity('D6') },
    { why: 'a SYN is a timeout', find: 'return CLASS_SYN;', replace: 'return CLASS_RTO;', suite: fidelity('B6') },
    { why: 'a probe is fast recovery', find: 'return CLASS_TLP;', replace: 'return CLASS_FAST;', suite: fidelity('D2') },
    {
      why: 'the timer alone is a probe',
      find: 'ca_state <= CA_STATE_CWR',
      replace: 'ca_state <= CA_STATE_LOSS',
      suite: fidelity('D1c', 'D6b'),
    },
    { why: 'recovery is slow start', find: 'return CLASS_FAST;', replace: 'return CLASS_SLOW_START;', suite: fidelity('D1f') },
    {
      why: 'a timeout is slow start',
      find: 'icsk->icsk_retransmits > 0 ?',
      replace: 'icsk->icsk_retransmits > 1 ?',
      suite: fidelity('D3b'),
    },
    { why: 'what was refused was sent', find: 'return OUTCOME_REFUSED;', replace: 'return OUTCOME_SENT;', suite: fidelity('D5b') },
    {
      why: 'what failed was sent',
      find: 'return err ? OUTCOME_FAILED : OUTCOME_SENT',
      replace: 'return OUTCOME_SENT',
      suite: fidelity('D5'),
    },
    {
      why: 'of an old connection the first is refused',
      find: 'memory->total_retrans -= segments;',
      replace: '',
      suite: kernel('older', 'meets by its retransmission'),
    },
    { why: 'the sequence number is not relative', find: '0 : seq - isn', replace: '0 : seq', suite: fidelity('A1b') },
    {
      why: 'of an old connection the ISN is guessed wrongly',
      find: 'tp->snd_una - (__u32)tp->bytes_acked',
      replace: 'tp->snd_una',
      suite: kernel('older', 'before is nobody'),
    },
    { why: 'a SYN is a byte of payload', find: ' - (class == CLASS_SYN) - ', replace: ' - ', suite: fidelity('R1') },
    { why: 'a FIN is a byte of payload', find: '!!(BPF_CORE_READ(cb, tcp_flags) & TCPHDR_FIN)', replace: '0', suite: fidelity('R1') },
    {
      why: 'the head of the queue is every other segment',
      find: 'seq == tp->snd_una',
      replace: 'seq != tp->snd_una',
      suite: fidelity('R1'),
    },
    { why: 'RTO in jiffies', find: 'icsk->icsk_rto * jiffy_us', replace: 'icsk->icsk_rto', suite: fidelity('R1') },
    {
      why: 'a class has events, not segments',
      find: 'repair->retrans[index] += segments',
      replace: 'repair->retrans[index] += 1',
      suite: fidelity('D6'),
    },
    { why: 'refused attempts are in the ledger', find: 'if (facts.outcome != OUTCOME_REFUSED)', replace: 'if (1)', suite: fidelity('D5b') },
    { why: 'SYN-ACKs are not in the ledger', find: 'ledger_attribute(head.netns, 1);', replace: '', suite: fidelity('B6b') },
    { why: 'a SYN-ACK has no owner', find: 'if (memory)\n\t\thead_owner(&head, memory);', replace: '', suite: fidelity('R2') },
    { why: 'a SYN-ACK has no port', find: 'head.local_port = request->__req_common.skc_num;', replace: '', suite: fidelity('R2') },
  ]),
  ...mutantsOf('bpf/programs/doubt.bpf.h', [
    { why: 'an undo is not counted', find: 'doubt->undos++;', replace: '', suite: fidelity('D3b') },
    {
      why: 'what was undone is not counted',
      find: 'doubt->undone += retrans;',
      replace: '',
      suite: fidelity('D3b'),
    },
    { why: 'an episode begins with nothing to undo', find: '| (tp->undo_marker != 0)', replace: '', suite: fidelity('D3') },
    {
      why: 'DSACKs are no doubt',
      find: 'undone > dsack_dups ? undone : dsack_dups',
      replace: 'undone',
      suite: fidelity('D2b'),
    },
    {
      why: 'more is spurious than was sent again',
      find: 'most < total_retrans ? most : total_retrans',
      replace: 'most',
      suite: fidelity('D3d'),
    },
    { why: 'a DSACK is no evidence', find: '? EVIDENCE_DSACK : 0)', replace: '? 0 : 0)', suite: fidelity('R3') },
  ]),
  ...mutantsOf('bpf/programs/repair.bpf.h', [
    {
      why: 'what no row accounts for is nothing',
      find: 'total_retrans > attributed ? total_retrans - attributed : 0',
      replace: '0',
      suite: kernel('older', 'is the remainder'),
    },
    {
      why: 'every retransmission is unattributed',
      find: 'attributed += repair->retrans[class]',
      replace: 'attributed += 0',
      suite: fidelity('D1f'),
    },
  ]),
  ...mutantsOf('bpf/programs/synacks.bpf.h', [
    {
      why: 'when the first SYN-ACK was sent is forgotten',
      find: 'if (sent_us)\n\t\tbpf_map_update_elem',
      replace: 'if (0)\n\t\tbpf_map_update_elem',
      suite: fidelity('B6b'),
    },
  ]),
  ...mutantsOf('bpf/programs/below.bpf.h', [
    { why: 'bytes that failed were sent', find: 'return failed > 0 ? failed : 0;', replace: 'return 0;', suite: fidelity('D9') },
  ]),
  ...mutantsOf('bpf/programs/sending.bpf.h', [
    { why: 'a window that stays is a restart', find: 'now.snd_cwnd < last.snd_cwnd && ', replace: '', suite: fidelity('B9b') },
    { why: 'restarts are not counted', find: 'now.idle_restarts++;', replace: ';', suite: fidelity('B9') },
  ]),
  ...mutantsOf('bpf/programs/congestion.bpf.c', [
    { why: 'the program does nothing', find: 'if (!tp)\n\t\treturn 0;', replace: 'return 0;', suite: fidelity('D1f') },
    { why: 'disorder is told', find: ' && ca_state != CA_STATE_DISORDER', replace: '', suite: fidelity('D3') },
    {
      why: 'states are swapped',
      find: 'row->old_ca_state = old_ca_state;',
      replace: 'row->old_ca_state = new_ca_state;',
      suite: fidelity('D1f'),
    },
    {
      why: 'retransmissions are told again and again',
      find: 'repair->told_retrans = tp->total_retrans;',
      replace: '',
      suite: fidelity('D1b'),
    },
  ]),
  ...mutantsOf('bpf/programs/ledger.bpf.h', [
    {
      why: 'an event is one segment',
      find: '__sync_fetch_and_add(sum, segments)',
      replace: '__sync_fetch_and_add(sum, 1)',
      suite: fidelity('D6'),
    },
  ]),
];
