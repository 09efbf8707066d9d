// Scenarios: the traffic of an investigation, and the path that it takes.
import type { Class } from '../../bpf/rows/rows.gen.ts';
import type { Family } from '../support/netns.ts';

/** Rows of this port belong to the scenario. */
export const PORT = 5614;
export const SIDES = ['sender', 'router', 'receiver'] as const;
export type Side = (typeof SIDES)[number];

export type Scenario = {
  name: string;
  family: Family;
  /** rules for the program that forwards the packets (relay.c); undefined: a router forwards them */
  carried?: readonly string[];
  /** commands before the traffic, by namespace */
  setup?: Partial<Record<Side, readonly string[]>>;
  /** share of packets that netfilter drops: at the sender on the way out, elsewhere on the way in */
  filtered?: { at: Side; share: number };
  /** a process on the router accepts the connections, and opens one to the receiver for each */
  proxied?: true;
  /** must have occurred, else the scenario proves nothing: retransmissions of a class, or a counter of the sender's kernel (nstat) */
  shows?: { class: Class } | { counter: string };
  /** script for endpoint.c */
  sender: string;
  receiver: string;
  /** the receiver's socket runs out of room */
  overflows?: true;
  /** also run by `make test` */
  small?: true;
};

const bulk = (bytes: number, option = '') => ({
  sender: `${option}connect:${PORT} send:${bytes} flush shutdown drain close`,
  receiver: `${option}listen:${PORT} accept drain close`,
});

/** Many small requests, each on its own connection or all on one. */
const small = (count: number, bytes: number) => ({
  sender: `connect:${PORT} nodelay times:${count} send:${bytes} recv:10 done shutdown drain close`,
  receiver: `listen:${PORT} accept nodelay times:${count} recv:${bytes} send:10 done drain close`,
});

const drop = (chain: string, share: number, end: 'dport' | 'sport', command = 'iptables') =>
  `${command} -A ${chain} -p tcp --${end} ${PORT} -m statistic --mode random --probability ${share} -j DROP`;
const FAR = ['out:delay=4:any', 'back:delay=4:any'];
const NO_OFFLOADS = ['ethtool -K eth0 tso off gso off gro off'];
const PROXY = { sender: NO_OFFLOADS, router: ['ethtool -K left tso off gso off gro off', 'ethtool -K right tso off gso off gro off'] };

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'router drops outward',
    family: 'ipv4',
    ...bulk(3_000_000),
    setup: { router: [drop('FORWARD', 0.04, 'dport')], sender: NO_OFFLOADS },
    small: true,
  },
  { name: 'router drops large packets outward', family: 'ipv4', ...bulk(20_000_000), setup: { router: [drop('FORWARD', 0.06, 'dport')] } },
  { name: 'router drops backward', family: 'ipv4', ...small(150, 300), setup: { router: [drop('FORWARD', 0.15, 'sport')] }, small: true },
  {
    name: 'router drops both ways',
    family: 'ipv4',
    ...small(100, 3000),
    setup: { router: [drop('FORWARD', 0.05, 'sport'), drop('FORWARD', 0.05, 'dport')] },
  },
  {
    name: "sender's netfilter",
    family: 'ipv4',
    ...bulk(4_000_000),
    // A segment that netfilter drops at its first transmission counts as not sent. So the router has to drop some for there to be
    // retransmissions.
    filtered: { at: 'sender', share: 0.3 },
    setup: { sender: NO_OFFLOADS, router: [drop('FORWARD', 0.02, 'dport')] },
    small: true,
  },
  {
    name: "sender's queue",
    family: 'ipv4',
    ...bulk(1_500_000),
    setup: { sender: [...NO_OFFLOADS, 'tc qdisc add dev eth0 root tbf rate 20mbit burst 6000 limit 20000'] },
    small: true,
  },
  { name: "sender's device", family: 'ipv4', ...bulk(600_000), carried: FAR, setup: { sender: ['ip link set eth0 txqueuelen 8'] } },
  {
    name: "receiver's netfilter",
    family: 'ipv4',
    ...bulk(3_000_000),
    setup: { sender: NO_OFFLOADS },
    filtered: { at: 'receiver', share: 0.04 },
    small: true,
  },
  {
    name: "receiver's full buffer",
    family: 'ipv4',
    // The window was advertised before the buffer became small.
    sender: `times:12 connect:${PORT} sleep:60 send:60000 flush shutdown drain close done`,
    receiver: `listen:${PORT} times:12 accept rcvbuf:2304 sleep:350 drain close done`,
    overflows: true,
    setup: { sender: NO_OFFLOADS },
  },
  { name: 'outward, far', family: 'ipv4', ...bulk(1_500_000), carried: [...FAR, 'out:drop:data:p=0.03'], small: true },
  { name: 'outward, far, IPv6', family: 'ipv6', ...bulk(1_500_000), carried: [...FAR, 'out:drop:data:p=0.03'] },
  { name: 'backward, far, IPv6', family: 'ipv6', ...small(80, 600), carried: [...FAR, 'back:drop:ack:p=0.2', 'back:drop:data:p=0.1'] },
  { name: 'reordered', family: 'ipv4', ...bulk(1_500_000), carried: [...FAR, 'out:delay=12:data:p=0.02'], small: true },
  { name: 'reordered and lost', family: 'ipv4', ...bulk(1_000_000), carried: [...FAR, 'out:delay=12:data:p=0.01', 'out:drop:data:p=0.02'] },
  { name: 'duplicated and lost', family: 'ipv4', ...bulk(1_000_000), carried: [...FAR, 'out:dup:data:p=0.05', 'out:drop:data:p=0.02'] },
  { name: 'spikes of delay outward', family: 'ipv4', ...small(60, 900), carried: [...FAR, 'out:delay=350:data:p=0.04'] },
  { name: 'spikes of delay backward', family: 'ipv4', ...small(60, 900), carried: [...FAR, 'back:delay=350:any:p=0.04'] },
  {
    name: 'NAT in the middle',
    family: 'ipv4',
    ...bulk(3_000_000),
    setup: {
      router: ['iptables -t nat -A POSTROUTING -o right -j MASQUERADE --random', drop('FORWARD', 0.04, 'dport')],
      sender: NO_OFFLOADS,
    },
    small: true,
  },
  {
    name: 'proxy in the middle, lost before it',
    family: 'ipv4',
    ...bulk(3_000_000),
    proxied: true,
    filtered: { at: 'router', share: 0.04 },
    setup: PROXY,
    small: true,
  },
  {
    name: 'proxy in the middle, lost behind it',
    family: 'ipv4',
    ...bulk(3_000_000),
    proxied: true,
    filtered: { at: 'receiver', share: 0.04 },
    setup: PROXY,
  },
  {
    name: 'proxy in the middle, small messages',
    family: 'ipv4',
    ...small(200, 2000),
    proxied: true,
    filtered: { at: 'router', share: 0.05 },
    setup: PROXY,
  },
  {
    name: 'last segments lost (TLP)',
    family: 'ipv4',
    ...small(80, 3000),
    carried: [...FAR, 'out:drop:data:p=0.08'],
    shows: { class: 'tlp' },
    small: true,
  },
  {
    name: 'overtaken a little, and lost (RACK)',
    family: 'ipv4',
    ...bulk(1_500_000),
    // Once within the quarter of a round trip that RACK waits, and once beyond it, after which RACK waits longer.
    carried: [...FAR, 'out:delay=1:data:p=0.05', 'out:delay=5:data:p=0.02', 'out:drop:data:p=0.02'],
    shows: { counter: 'TcpExtTCPSACKReorder' },
  },
  { name: 'ECN', family: 'ipv4', ...bulk(1_000_000), carried: [...FAR, 'out:drop:data:p=0.03'], setup: both('net.ipv4.tcp_ecn=1') },
  { name: 'SACK off', family: 'ipv4', ...bulk(800_000), carried: [...FAR, 'out:drop:data:p=0.02'], setup: both('net.ipv4.tcp_sack=0') },
  {
    name: 'timestamps off',
    family: 'ipv4',
    ...bulk(1_000_000),
    carried: [...FAR, 'out:drop:data:p=0.03'],
    setup: both('net.ipv4.tcp_timestamps=0'),
  },
  {
    name: 'window scaling off',
    family: 'ipv4',
    ...bulk(1_000_000),
    carried: [...FAR, 'out:drop:data:p=0.03'],
    setup: both('net.ipv4.tcp_window_scaling=0'),
  },
  {
    name: 'handshakes',
    family: 'ipv4',
    sender: `times:25 connect:${PORT} send:10 recv:10 close done`,
    receiver: `listen:${PORT}:50 times:25 accept recv:10 send:10 drain close done`,
    carried: ['out:delay=4:any', 'back:delay=4:any', 'out:drop:syn:p=0.3', 'back:drop:synack:p=0.2'],
  },
];

function both(sysctl: string): NonNullable<Scenario['setup']> {
  return { sender: [`sysctl -qw ${sysctl}`], receiver: [`sysctl -qw ${sysctl}`] };
}
