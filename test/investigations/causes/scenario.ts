// Connections that fail, are reset or are slow, each made to be so by one thing, and what shows that it was that.
import type { About } from '../../../agent/verdict/claims.ts';
import type { Family } from '../../support/netns.ts';
import { PORT, type Side } from '../scenario.ts';

export type Scenario = {
  name: string;
  about: About;
  /** the cause that was made */
  truth: string;
  /** what is right where only one end was observed, and says less */
  coarser?: readonly string[];
  family?: Family;
  /** rules of the program that carries the packets (relay.c); undefined: a router forwards them */
  carried?: readonly string[];
  /** a connection before the others shows that both hosts are watched */
  known?: true;
  /** commands before the traffic, by namespace */
  setup?: Partial<Record<Side, readonly string[]>>;
  /** the router, or nobody, did it: without its rows it may be unknown */
  at_router?: true;
  /** commands once the receiver has said this word so often */
  meanwhile?: { word: string; count?: number; at: Side; commands?: readonly string[]; kill?: true };
  /** the words of endpoint.c */
  sender: string;
  receiver: string;
  /** where connects go, if not to the receiver */
  to?: string;
  /** the kernel's own word on it: a counter of a namespace (nstat) that has to be at least so much, or packets that a rule of its has to match */
  proof?: { at: Side; counter: string; least: number } | { at: Side; rule: string; least: number };
  small?: true;
};

const connect = `connect:${PORT} close`;
const listen = `listen:${PORT} wait`;
const REJECT = '-j REJECT --reject-with';
const SYN_TO = `-p tcp --dport ${PORT} --tcp-flags SYN,ACK SYN`;
const SYN_ACK_FROM = `-p tcp --sport ${PORT} --tcp-flags SYN,ACK SYN,ACK`;
const QUICK = ['sysctl -qw net.ipv4.tcp_syn_retries=1 net.ipv4.tcp_syn_linear_timeouts=1'];
const way = (ms: number) => [`out:delay=${ms}:any`, `back:delay=${ms}:any`];

const CONNECTS: readonly Scenario[] = [
  { name: 'nobody listens', about: 'connect', truth: 'no_listener', coarser: [], sender: connect, receiver: 'sleep:1', small: true },
  {
    name: "the receiver's firewall answers with a reset",
    about: 'connect',
    truth: 'rejected',
    setup: { receiver: [`iptables -A INPUT ${SYN_TO} ${REJECT} tcp-reset`] },
    sender: connect,
    receiver: listen,
    proof: { at: 'receiver', rule: 'REJECT', least: 1 },
    small: true,
  },
  {
    name: "the receiver's firewall answers with ICMP",
    about: 'connect',
    truth: 'rejected',
    setup: { receiver: [`iptables -A INPUT ${SYN_TO} ${REJECT} icmp-port-unreachable`] },
    sender: connect,
    receiver: listen,
    proof: { at: 'receiver', rule: 'REJECT', least: 1 },
  },
  {
    name: "the receiver's firewall answers with ICMP, IPv6",
    about: 'connect',
    truth: 'rejected',
    family: 'ipv6',
    setup: { receiver: [`ip6tables -A INPUT ${SYN_TO} ${REJECT} icmp6-port-unreachable`] },
    sender: connect,
    receiver: listen,
  },
  {
    name: 'the router answers with a reset',
    at_router: true,
    about: 'connect',
    truth: 'rejected',
    known: true,
    setup: { router: [`iptables -A FORWARD ${SYN_TO} ${REJECT} tcp-reset`] },
    sender: connect,
    receiver: listen,
    proof: { at: 'router', rule: 'REJECT', least: 1 },
    small: true,
  },
  {
    name: 'the router answers that it is prohibited',
    at_router: true,
    about: 'connect',
    truth: 'rejected',
    coarser: ['unreachable'],
    setup: { sender: QUICK, router: [`iptables -A FORWARD ${SYN_TO} ${REJECT} icmp-admin-prohibited`] },
    sender: connect,
    receiver: listen,
    proof: { at: 'router', rule: 'REJECT', least: 1 },
  },
  {
    name: "the receiver's firewall drops the SYN",
    about: 'connect',
    truth: 'dropped_at_receiver',
    setup: { sender: QUICK, receiver: [`iptables -A INPUT ${SYN_TO} -j DROP`] },
    sender: connect,
    receiver: listen,
    proof: { at: 'receiver', rule: 'DROP', least: 2 },
  },
  {
    name: "the sender's firewall drops the SYN",
    about: 'connect',
    truth: 'dropped_here',
    setup: { sender: [...QUICK, `iptables -A OUTPUT ${SYN_TO} -j DROP`] },
    sender: connect,
    receiver: listen,
    proof: { at: 'sender', rule: 'DROP', least: 1 },
  },
  {
    name: 'the router drops the SYN',
    at_router: true,
    about: 'connect',
    truth: 'dropped_between',
    coarser: ['lost_outward'],
    known: true,
    setup: { sender: QUICK, router: [`iptables -A FORWARD ${SYN_TO} -j DROP`] },
    sender: connect,
    receiver: listen,
    proof: { at: 'router', rule: 'DROP', least: 2 },
  },
  {
    name: 'the router drops the SYN-ACK',
    about: 'connect',
    truth: 'lost_backward',
    setup: { sender: QUICK, router: [`iptables -A FORWARD ${SYN_ACK_FROM} -j DROP`] },
    sender: connect,
    receiver: listen,
    proof: { at: 'router', rule: 'DROP', least: 2 },
  },
  {
    name: 'the accept queue is full',
    about: 'connect',
    truth: 'accept_queue_full',
    setup: { sender: QUICK },
    sender: `fork:5 connect:${PORT} sleep:2500 close done`,
    receiver: `listen:${PORT}:1 wait`,
    proof: { at: 'receiver', counter: 'TcpExtListenOverflows', least: 1 },
  },
  {
    name: 'the application gives up before the kernel does',
    about: 'connect',
    truth: 'dropped_at_receiver',
    setup: { receiver: [`iptables -A INPUT ${SYN_TO} -j DROP`] },
    sender: `nonblock connect:${PORT} sleep:300 close`,
    receiver: listen,
    proof: { at: 'receiver', rule: 'DROP', least: 1 },
  },
  {
    name: 'no such host',
    about: 'connect',
    truth: 'dropped_between',
    at_router: true,
    coarser: ['unreachable'],
    setup: { sender: QUICK },
    sender: connect,
    receiver: listen,
    to: '10.82.0.99',
  },
  {
    name: 'no port is left',
    about: 'connect',
    truth: 'no_port',
    sender: `port_range:41000:41000 connect:${PORT} keep port_range:41000:41000 connect:${PORT} close`,
    receiver: `listen:${PORT} accept wait`,
  },
];

const RESETS: readonly Scenario[] = [
  {
    name: 'closes with data unread',
    about: 'reset',
    truth: 'closed_unread',
    sender: `connect:${PORT} send:5000 drain close`,
    receiver: `listen:${PORT} accept peek:5000 close`,
    proof: { at: 'receiver', counter: 'TcpExtTCPAbortOnClose', least: 1 },
    small: true,
  },
  {
    name: 'SO_LINGER 0',
    about: 'reset',
    truth: 'linger',
    sender: `connect:${PORT} send:10 drain close`,
    receiver: `listen:${PORT} accept recv:10 linger0 close`,
    proof: { at: 'receiver', counter: 'TcpExtTCPAbortOnLinger', least: 0 },
  },
  {
    name: 'is killed',
    about: 'reset',
    truth: 'closed_unread',
    sender: `connect:${PORT} send:60000 drain close`,
    receiver: `listen:${PORT} accept peek:20000 wait`,
    meanwhile: { word: 'peek', at: 'receiver', kill: true },
    proof: { at: 'receiver', counter: 'TcpExtTCPAbortOnClose', least: 1 },
  },
  {
    name: 'is killed and had read all',
    about: 'reset',
    truth: 'data_after_close',
    sender: `connect:${PORT} send:100 wait send:100 sleep:50 send:100 close`,
    receiver: `listen:${PORT} accept recv:100 wait`,
    meanwhile: { word: 'recv', at: 'receiver', kill: true },
    proof: { at: 'receiver', counter: 'TcpExtTCPAbortOnData', least: 0 },
  },
  {
    name: 'the router resets',
    about: 'reset',
    truth: 'device_between',
    sender: `connect:${PORT} send:100 recv:10 wait send:100 sleep:100 close`,
    receiver: `listen:${PORT} accept recv:100 send:10 wait`,
    meanwhile: { word: 'recv', at: 'router', commands: [`iptables -A FORWARD -p tcp --dport ${PORT} ${REJECT} tcp-reset`] },
    proof: { at: 'router', rule: 'REJECT', least: 1 },
    small: true,
  },
  {
    name: "the receiver's firewall resets",
    about: 'reset',
    truth: 'firewall',
    sender: `connect:${PORT} send:100 recv:10 wait send:100 sleep:100 close`,
    receiver: `listen:${PORT} accept recv:100 send:10 wait`,
    meanwhile: { word: 'recv', at: 'receiver', commands: [`iptables -A INPUT -p tcp --dport ${PORT} ${REJECT} tcp-reset`] },
    proof: { at: 'receiver', rule: 'REJECT', least: 1 },
  },
  {
    name: 'keepalive gives up',
    about: 'reset',
    truth: 'gave_up',
    sender: `connect:${PORT} keepalive:1:1:1 send:10 drain close`,
    receiver: `listen:${PORT} accept recv:10 wait`,
    meanwhile: { word: 'recv', at: 'router', commands: [`iptables -A FORWARD -p tcp --dport ${PORT} -j DROP`] },
    proof: { at: 'sender', counter: 'TcpExtTCPAbortOnTimeout', least: 1 },
  },
];

/** Requests of 300 bytes, and their answers. */
const requests = (count: number, thinks: string, waits = '') => ({
  sender: `connect:${PORT} nodelay times:${count} send:300 recv:300 ${waits} done shutdown drain close`,
  receiver: `listen:${PORT} accept nodelay times:${count} recv:300 ${thinks} send:300 done drain close`,
});
const bulk = (bytes: number) => ({
  sender: `connect:${PORT} send:${bytes} flush shutdown drain close`,
  receiver: `listen:${PORT} accept drain close`,
});

const SLOW: readonly Scenario[] = [
  {
    name: 'reads slowly',
    about: 'slow',
    truth: 'receiver_application',
    coarser: ['receiver_window'],
    sender: `connect:${PORT} send:3000000 flush shutdown drain close`,
    receiver: `rcvbuf:65536 listen:${PORT} accept times:30 recv:100000 sleep:40 done drain close`,
    small: true,
  },
  {
    name: 'writes slowly',
    about: 'slow',
    truth: 'sender_application',
    ...bulk(0),
    sender: `connect:${PORT} times:25 send:1000 sleep:60 done shutdown drain close`,
    small: true,
  },
  {
    name: 'small send buffer',
    about: 'slow',
    truth: 'sender_buffer',
    carried: way(25),
    sender: `cc:bbr sndbuf:4096 connect:${PORT} send:2500000 flush shutdown drain close`,
    receiver: `listen:${PORT} accept drain close`,
  },
  {
    name: 'small receive buffer',
    about: 'slow',
    truth: 'receiver_buffer',
    coarser: ['receiver_window'],
    carried: way(20),
    sender: `connect:${PORT} send:250000 flush shutdown drain close`,
    receiver: `rcvbuf:6000 listen:${PORT} accept drain close`,
  },
  {
    name: 'narrow link',
    about: 'slow',
    truth: 'path',
    coarser: ['loss'],
    ...bulk(2_500_000),
    setup: { router: ['tc qdisc add dev right root tbf rate 10mbit burst 15000 latency 200ms'] },
  },
  { name: 'far, at once answered', about: 'slow', truth: 'path', carried: way(50), ...requests(12, '') },
  { name: 'the server thinks', about: 'slow', truth: 'answering', ...requests(6, 'sleep:300'), small: true },
  { name: 'far, and the server thinks', about: 'slow', truth: 'answering', carried: way(20), ...requests(6, 'sleep:300') },
  {
    name: 'the client thinks',
    about: 'slow',
    truth: 'sender_application',
    coarser: ['idle'],
    carried: way(5),
    ...requests(8, '', 'sleep:150'),
  },
  {
    name: 'answers are lost',
    about: 'slow',
    truth: 'loss',
    coarser: ['path'],
    carried: [...way(3), 'back:drop:new:p=0.4'],
    ...requests(15, ''),
  },
  {
    name: 'data is lost',
    about: 'slow',
    truth: 'loss',
    coarser: ['path'],
    carried: [...way(10), 'out:drop:data:p=0.08'],
    ...bulk(400_000),
  },
  {
    name: 'the SYN is lost',
    about: 'slow',
    truth: 'handshake',
    carried: [...way(3), 'out:drop:syn:1'],
    ...requests(2, ''),
  },
];

export const SCENARIOS: readonly Scenario[] = [...CONNECTS, ...RESETS, ...SLOW];
