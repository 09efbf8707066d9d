// Packets that the host frees: whose they were, which way they went, and whether anything is missing then.
import { fidelity, type Mutant, mutantsOf } from '../mutant.ts';

export const bpfDrops: readonly Mutant[] = [
  ...mutantsOf('bpf/programs/drop.bpf.c', [
    { why: 'the program does nothing', find: 'if (is_copy(facts.reason_code, sk) ||', replace: 'if (1 ||', suite: fidelity('A6') },
    {
      why: 'an unread FIN is a drop',
      find: 'return packet->length == 0 && packet->tcp_flags & TCPHDR_FIN &&',
      replace: 'return 0 &&',
      suite: fidelity('R7'),
    },
    {
      why: 'directions are swapped',
      find: 'if (!skb->skb_iif)',
      replace: 'if (skb->skb_iif)',
      suite: fidelity('A6'),
    },
    {
      why: "a packet's socket is not looked at",
      find: 'sk ? holder_read(head, packet, sk) : DIRECTION_UNKNOWN',
      replace: 'DIRECTION_UNKNOWN',
      suite: fidelity('G2b'),
    },
    { why: 'the payload has no length', find: 'row->length = packet->length;', replace: '', suite: fidelity('D5') },
  ]),
  ...mutantsOf('bpf/programs/meaning.bpf.h', [
    {
      why: 'everything is answered',
      find: 'if (!packet || !receiver)\n\t\treturn MEANING_LOST;',
      replace: 'return MEANING_ANSWERED;',
      suite: fidelity('G2b'),
    },
    {
      why: 'what a TIME_WAIT answers is lost',
      find: 'if (packet->length == 0)\n\t\treturn MEANING_ANSWERED;',
      replace: 'if (packet->length == 0)\n\t\treturn MEANING_LOST;',
      suite: fidelity('G1'),
    },
    {
      why: 'what has come before is lost',
      find: 'if (has_come_before(reason))\n\t\treturn MEANING_DUPLICATE;',
      replace: '',
      suite: fidelity('G1f'),
    },
    {
      why: 'what is refused is lost',
      find: 'if (is_refused(reason, packet, receiver))\n\t\treturn MEANING_REFUSED;',
      replace: '',
      suite: fidelity('G1h'),
    },
  ]),
];
