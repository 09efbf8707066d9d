// Which hooks the rows of a kind come from, and what is missing of them.
import type { Kind } from '../../bpf/rows/rows.gen.ts';
import type { Hook } from './row-source.ts';

/** A sweep (`sample`) also gives the listeners, and enters the namespaces. */
const HOOKS = {
  retransmit: ['tcp_retransmit_skb', 'tcp_retransmit_synack'],
  connection: ['inet_sock_set_state', 'tcp_destroy_sock', 'inet_sk_error_report'],
  state_change: ['inet_sock_set_state'],
  sample: ['sample'],
  reset: ['tcp_send_reset', 'tcp_receive_reset'],
  congestion: ['tcp_cong_state_set'],
  drop: ['kfree_skb'],
  listener: ['sample'],
  namespace: ['sample'],
} as const satisfies Record<Kind, readonly string[]>;

/** `silent`: no row of the kind can come. */
export type Lack = { kind: Kind; silent: boolean; missing: readonly Hook[] };

/** Of the kinds asked for, those of which rows are missing. A hook that a source does not name is not known to be missing. */
export function lacking(kinds: Iterable<Kind>, hooks: readonly Hook[]): Lack[] {
  const refused = new Map(hooks.filter(({ attached }) => !attached).map((hook) => [hook.name, hook]));
  return [...kinds].flatMap((kind) => {
    const missing = HOOKS[kind].flatMap((name) => refused.get(name) ?? []);
    return missing.length === 0 ? [] : [{ kind, silent: missing.length === HOOKS[kind].length, missing }];
  });
}

export function sentenceOf({ kind, silent, missing }: Lack): string {
  const hooks = missing.map(({ name, reason }) => `${name} (${reason})`).join(', ');
  return `${silent ? `no ${kind} row can be seen` : `not all ${kind} rows can be seen`}: hook ${hooks} is not attached; tcplens check says more`;
}
