// Listeners: what they counted, told once, to the last.
import { fidelity, kernel, type Mutant, mutantsOf } from '../mutant.ts';

export const bpfListeners: readonly Mutant[] = [
  ...mutantsOf('bpf/programs/connection.bpf.c', [
    {
      why: 'a listener that closes tells nothing more',
      find: 'if (memory && old_state == STATE_LISTEN && new_state == STATE_CLOSE)',
      replace: 'if (0)',
      suite: kernel('listener-ends', 'has one row'),
    },
    {
      why: 'a socket that listens again tells once more what it has told',
      find: '\tif (new_state == STATE_LISTEN)\n\t\tlistener_begin(memory, tp, id);\n',
      replace: '',
      suite: kernel('listener-ends', 'counts anew'),
    },
  ]),
  ...mutantsOf('bpf/programs/listener_row.bpf.h', [
    {
      why: 'drops of listeners are since their beginning',
      find: 'row->drops = row->drops_total - memory->listening.drops',
      replace: 'row->drops = row->drops_total',
      suite: kernel('sweep', 'listener took'),
    },
    {
      why: 'accepted connections are told in every sweep',
      find: 'memory->listening.accepted = accepted;',
      replace: '',
      suite: kernel('sweep', 'listener took'),
    },
    {
      why: 'queue and limit are swapped',
      find: 'row->accept_queue = sk->sk_ack_backlog',
      replace: 'row->accept_queue = sk->sk_max_ack_backlog',
      suite: fidelity('A5'),
    },
    {
      why: 'the last row of a listener counts from its beginning',
      find: 'memory->listening.accepted = accepted;',
      replace: '',
      suite: kernel('listener-ends', 'tells the rest'),
    },
  ]),
];
