// Which hooks the rows of a kind need, and what cannot be seen while some of them are not attached.
import type { Kind } from '../../bpf/rows/rows.gen.ts';
import { STAND_INS } from '../contract/settings.ts';
import type { Hook, RowSource } from './row-source.ts';

/**
 * `write`: programs that write rows of the kind. `fill`: programs that only provide fields of them. The iterator `sample` is behind every
 * sweep, or its stand-in; sweeps also give listener and namespace rows.
 */
const HOOKS: Readonly<Record<Kind, { write: readonly string[]; fill?: readonly string[] }>> = {
  retransmit: { write: ['tcp_retransmit_skb', 'tcp_retransmit_synack'] },
  // `sample` and `owner` also write close rows that wait, but tcp_destroy_sock would write these later.
  connection: { write: ['inet_sock_set_state', 'tcp_destroy_sock'], fill: ['inet_sk_error_report'] },
  state_change: { write: ['inet_sock_set_state'] },
  sample: { write: ['sample'] },
  reset: { write: ['tcp_send_reset', 'tcp_receive_reset'] },
  congestion: { write: ['tcp_cong_state_set'] },
  drop: { write: ['kfree_skb'] },
  // The last row of a listener is of `inet_sock_set_state`.
  listener: { write: ['sample', 'inet_sock_set_state'] },
  namespace: { write: ['sample'] },
  progress: { write: ['tcp_probe'] },
  packet: { write: ['net_dev_start_xmit', 'netif_receive_skb'] },
  stack: { write: ['tcp_retransmit_skb', 'tcp_retransmit_synack', 'tcp_send_reset', 'tcp_receive_reset', 'kfree_skb', 'net_dev_queue'] },
};

const SWEPT: ReadonlySet<Kind> = new Set<Kind>(['sample', 'listener', 'namespace']);

export type Unseen = {
  /** what cannot be seen and why, a sentence for each kind */
  sentences: readonly string[];
  /** true where no row of any of the kinds can come */
  all: boolean;
};

export const NOTHING_UNSEEN: Unseen = { sentences: [], all: false };

type Seen = Pick<RowSource, 'hooks' | 'netns' | 'netns_refused'>;

/** What cannot be seen of the kinds. A hook that the source does not list counts as attached. */
export function unseenIn(source: Seen, kinds: ReadonlySet<Kind>): Unseen {
  const hooks = source.hooks();
  const attached = new Set(hooks.flatMap((hook) => (hook.attached ? hook.name : [])));
  const stands_in = ({ name }: Hook) => Object.entries(STAND_INS).some(([of, stand_in]) => of === name && attached.has(stand_in));
  const refused = new Map(hooks.flatMap((hook) => (hook.attached || stands_in(hook) ? [] : [[hook.name, hook] as const])));
  const missing = (names: readonly string[]) => names.flatMap((name) => refused.get(name) ?? []);
  const silent = [...kinds].filter((kind) => missing(HOOKS[kind].write).length === HOOKS[kind].write.length);
  const sentences = [...kinds].flatMap((kind) => {
    const { write, fill = [] } = HOOKS[kind];
    const none = silent.includes(kind);
    return [
      ...sentence(none ? `no ${kind} row can be seen` : `not all ${kind} rows can be seen`, missing(write)),
      ...(none ? [] : sentence(`${kind} rows do not say all`, missing(fill))),
    ];
  });
  return { sentences: [...sentences, ...unswept(source, kinds)], all: silent.length === kinds.size };
}

function sentence(what: string, missing: readonly Hook[]): string[] {
  if (missing.length === 0) return [];
  return [`${what}: hook ${missing.map(({ name, reason }) => `${name} (${reason})`).join(', ')} is not attached; tcplens check says more`];
}

/** A sentence if the last sweep could enter no namespace at all. */
function unswept(source: Seen, kinds: ReadonlySet<Kind>): string[] {
  const [first] = source.netns_refused();
  const swept = [...kinds].filter((kind) => SWEPT.has(kind));
  if (first === undefined || swept.length === 0 || source.netns().length > 0) return [];
  return [`no ${swept.join(' or ')} row can be seen: no network namespace may be entered (${first.reason}); tcplens check says more`];
}
