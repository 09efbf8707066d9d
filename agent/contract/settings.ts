// The settings of an agent that a collector may change, each defined once: the agent's options are made from them, and the collector checks
// values by them.
import { KIND } from '../../bpf/rows/rows.gen.ts';
import { LOG_LEVELS } from '../process/log-levels.ts';
import type { SettingForm } from './setting-form.ts';

/** The programs that attach to the kernel, by their hook. */
export const HOOKS = [
  'sample',
  'sample_netns',
  'inet_sock_set_state',
  'tcp_destroy_sock',
  'inet_sk_error_report',
  'tcp_retransmit_skb',
  'tcp_retransmit_synack',
  'tcp_send_reset',
  'tcp_receive_reset',
  'tcp_cong_state_set',
  'tcp_probe',
  'net_dev_start_xmit',
  'netif_receive_skb',
  'net_dev_queue',
  'kfree_skb',
  'preexisting',
  'owner',
  'task_rename',
  'netns',
  'sock_send_length',
  'sock_recv_length',
  'tcp_rcv_space_adjust',
] as const;
export type HookName = (typeof HOOKS)[number];

/** Hooks that are tried only where this kernel refuses another, whose work they do. */
export const STAND_INS: Partial<Record<HookName, HookName>> = { sample: 'sample_netns', sock_recv_length: 'tcp_rcv_space_adjust' };

/** Attributes of metrics that are optional, because they multiply the number of series. */
export const OPTIONAL_ATTRIBUTES = ['server.port', 'tcplens.comm'] as const;
export type OptionalAttribute = (typeof OPTIONAL_ATTRIBUTES)[number];

/** `applies`: whether a change holds at once, or when the agent starts the next time, since it has given up the right to load programs. */
export type SettingSpec = { form: SettingForm; help: string; applies: 'at once' | 'at the next start' };

/** All settings, by the name of their option without its dashes. */
export const SETTINGS = {
  interval: {
    form: { form: 'duration', min: '10ms', max: '1h' },
    help: 'time between two sweeps over the live sockets, and between two reports',
    applies: 'at once',
  },
  budget: {
    form: { form: 'budgets', kinds: KIND },
    help: 'rows a second that a kind may come to, or "none", or "off" for no row of it; what goes beyond is counted as withheld',
    applies: 'at once',
  },
  'cpu-budget': {
    form: { form: 'percent' },
    help: 'of one processor: sweeps come less often, down to a sixth, where the agent would use more',
    applies: 'at once',
  },
  // Room for several batches of each kind: a smaller queue would drop batches that it was just given.
  'queue-bytes': {
    form: { form: 'size', min: '8MiB', max: '64GiB' },
    help: 'memory for batches that are not on disk: while they are compressed, while the disk takes none, or with --spool none',
    applies: 'at once',
  },
  'spool-bytes': {
    form: { form: 'size', min: '16MiB', max: '65536GiB' },
    help: 'disk that the spool may take; beyond it the oldest batches go',
    applies: 'at once',
  },
  'spool-age': {
    form: { form: 'duration', min: '1s', max: '3650d' },
    help: 'how long a batch may wait in the spool',
    applies: 'at once',
  },
  'black-box': {
    form: { form: 'size', min: '0B', max: '128MiB' },
    help: 'memory for the headers of the last packets of the connections that hurt most, so that an investigation can look back; 0B: none',
    applies: 'at once',
  },
  'log-level': { form: { form: 'word', words: LOG_LEVELS }, help: 'least severe messages to print', applies: 'at once' },
  'ring-bytes': {
    form: { form: 'size', min: '4KiB', max: '1GiB' },
    help: 'kernel memory for connection rows; the other kinds have a fraction of it each',
    applies: 'at the next start',
  },
  refuse: {
    form: { form: 'list', words: HOOKS },
    help: 'hooks not to attach, with commas, or "none": what only they tell is missing, as if the kernel had refused them',
    applies: 'at the next start',
  },
  'metric-attributes': {
    form: { form: 'list', words: OPTIONAL_ATTRIBUTES },
    help: 'attributes that multiply series: server.port, tcplens.comm, or "none"',
    applies: 'at the next start',
  },
} as const satisfies Record<string, SettingSpec>;

export type SettingName = keyof typeof SETTINGS;
export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** The table as agents send it to a collector. */
export const KNOWN_SETTINGS = SETTING_NAMES.map((name) => ({ name, ...(SETTINGS[name] as SettingSpec) }));

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}
