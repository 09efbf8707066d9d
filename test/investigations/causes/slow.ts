// Scenarios of slow connections and of one that the path holds up, each with one cause.
import { PORT } from '../scenario.ts';
import { type Scenario, way } from './scenario.ts';

/** Scripts for requests of 300 bytes with answers. */
const requests = (count: number, thinks: string, waits = '') => ({
  sender: `connect:${PORT} nodelay times:${count} send:300 recv:300 ${waits} done shutdown drain close`,
  receiver: `listen:${PORT} accept nodelay times:${count} recv:300 ${thinks} send:300 done drain close`,
});
const bulk = (bytes: number) => ({
  sender: `connect:${PORT} send:${bytes} flush shutdown drain close`,
  receiver: `listen:${PORT} accept drain close`,
});

/** A path that takes no large packets, for three seconds in which small ones come and go. */
const PATH_MTU: Scenario = {
  name: 'the path takes no large packets',
  about: 'size',
  truth: 'only_small_come',
  setup: {
    sender: ['ethtool -K eth0 tso off gso off gro off'],
    router: [`iptables -A FORWARD -p tcp --dport ${PORT} -m length --length 1000:65535 -j DROP`],
  },
  sender: `connect:${PORT} nodelay send:300 recv:300 send:5000 times:12 recv:100 done flush shutdown drain close`,
  receiver: `listen:${PORT} accept nodelay recv:300 send:300 times:12 send:100 sleep:250 done drain close`,
  meanwhile: { word: 'sleep', count: 12, at: 'router', commands: [`iptables -I FORWARD -p tcp --dport ${PORT} -j ACCEPT`] },
  proof: { at: 'router', rule: 'DROP', least: 4 },
  small: true,
};

export const SLOW: readonly Scenario[] = [
  PATH_MTU,
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
