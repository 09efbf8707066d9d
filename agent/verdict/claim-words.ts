// Claims as plain sentences.
import type { Place } from './cause.ts';
import type { ConnectCause, ConnectVerdict } from './connect-cause.ts';
import { BY_APPLICATION, type ResetCause } from './reset-cause.ts';
import type { ResetVerdict } from './resets.ts';
import type { SizeVerdict } from './sizes.ts';
import type { Limiter, Part } from './slow-cause.ts';
import { percent } from './summary.ts';

/** Verdicts of one cause and network; `of`: how many the network has, of any cause. */
export type Group<Verdict> = { network: string; first: Verdict; all: readonly Verdict[]; of: number };

const CONNECT_WORDS = {
  no_listener: 'nobody listened on port PORT there, and the host itself answered with a reset',
  rejected: 'a firewall refused them',
  dropped_here: 'this host itself did not let their SYN out',
  dropped_between: 'a watched host on the way dropped their SYN',
  dropped_at_receiver: 'the host there dropped their SYN, not the network',
  lost_outward: 'their SYN was lost on the way: none came to the host there',
  lost_backward: 'their SYN had come, and the answer to it was lost on the way back',
  accept_queue_full: 'the accept queue of the listener on port PORT was full: its process takes connections too slowly',
  unreachable: 'a router, or this host itself, has no route there',
  no_port: 'no local port was left on this host',
  not_known: 'why is not known',
} as const satisfies Record<ConnectCause, string>;

/** "3 of 4 failed connects to 10.2.0.0/24: nobody listened on port 80 there, …" */
export function connectWords({ network, first, all, of }: Group<ConnectVerdict>): string {
  const { row, cause, place, given_up, missing } = first;
  const port = row.kind === 'connection' ? row.peer_port : row.local_port;
  const which = row.kind === 'connection' ? `failed ${all.length === 1 ? 'connect' : 'connects'} to` : 'refused connects from';
  const why = CONNECT_WORDS[cause].replace('PORT', String(port));
  const until = given_up ? '; the application gave up before the kernel did' : '';
  return `${all.length} of ${of} ${which} ${network}: ${why}${placeWords(place)}${wanting(missing)}${until}.`;
}

/** Where it was, as far as the kernel says. */
function placeWords(place: Place | undefined): string {
  if (!place || place.reason === '') return '';
  return ` (${place.reason}${place.location === '' ? '' : ` in ${place.location}`}, netns ${place.netns})`;
}

const wanting = (missing: string): string => (missing === '' ? '' : `, for want of ${missing}`);

const RESET_WORDS = {
  closed_unread: 'its process closed the connection, or ended, with received data unread',
  data_after_close: 'data came after its process had closed the connection, or ended',
  linger: 'its process asked for it, with SO_LINGER of 0 seconds',
  aborted: 'its process closed in a state in which a reset is all that is left to say',
  gave_up: 'its kernel gave up, since nothing was answered any more',
  memory: 'its kernel had no memory for it',
  connection_gone: 'its kernel had no socket any more for what came',
  stray: 'what came did not fit where the connection was',
  firewall: 'its firewall sent it, not TCP and no process',
  device_between: 'neither end sent it',
  not_known: 'who sent it, or why, is not known',
} as const satisfies Record<ResetCause, string>;

/** "2 of 2 resets of connections with 10.2.0.0/24 were sent by the peer (nginx): its process closed …" */
export function resetWords({ network, first, all, of }: Group<ResetVerdict>): string {
  const { cause, sender, comm, missing } = first;
  const whose = { local: 'this end', peer: 'the peer', between: 'a device on the way', not_known: '' }[sender];
  const who = comm !== '' && BY_APPLICATION.has(cause) ? `${whose} (${comm})` : whose;
  const [reset, was] = all.length === 1 ? ['reset', 'was'] : ['resets', 'were'];
  const by = who === '' ? '' : ` ${was} sent by ${who}`;
  return `${all.length} of ${of} ${of === 1 ? reset : 'resets'} of connections with ${network}${by}: ${RESET_WORDS[cause]}${wanting(missing)}.`;
}

/** "None of 6 segments with 1448 bytes or more got through to 10.2.0.1, and 31 packets with at most 536 bytes of data did: …" */
export function sizeWords({ lost, came, largest_bytes, peer_addr }: SizeVerdict): string {
  const least = lost.reduce((smallest, { bytes }) => Math.min(smallest, bytes), Infinity);
  const small = largest_bytes === 0 ? 'without data' : `with at most ${largest_bytes} bytes of data`;
  const path =
    'as if something on the way took no larger ones and told nobody (a path MTU black hole); with net.ipv4.tcp_mtu_probing = 1 a sender finds what gets through';
  return `None of ${lost.length} segments with ${least} bytes or more got through to ${peer_addr}, and ${came.length} packets ${small} did: ${path}.`;
}

/** Words for what is this end's, and for what is the peer's. */
export type Whose = { local: string; peer: string };
const both = (words: string): Whose => ({ local: words, peer: words });
const SLOW_WORDS = {
  handshake: both('the handshake was under way'),
  sender_application: { local: 'the application of this end had nothing to send', peer: "the peer's application had nothing to send" },
  receiver_application: {
    local: 'the application of this end did not read what had come, and its window was full',
    peer: "the peer's application did not read what had come, and its window was full",
  },
  receiver_buffer: {
    local: "this end's receive window was full, though its application read what came: its buffer is small",
    peer: "the peer's receive window was full, though its application read what came: its buffer is small",
  },
  receiver_window: both("the receiver's window was full: its application reads slowly, or its buffer is small"),
  sender_buffer: { local: 'the send buffer of this end was full', peer: "the peer's send buffer was full" },
  sender_host: { local: "this host's own layers below TCP took nothing", peer: "the layers below TCP of the peer's host took nothing" },
  loss: both('what the network had lost was waited for'),
  path: both('data was on its way: the path’s round trip, or its rate'),
  answering: {
    local: 'the application of this end had the request and had not answered yet',
    peer: "the peer's application had the request and had not answered yet",
  },
  idle: both('neither side had anything to send'),
  not_known: both('what limited them is not known'),
} as const satisfies Record<Limiter, Whose>;

type Figures = { us: number; of_us: number; of_connections: number };

/** "83 % of the 12.3 s of 4 connections with 10.2.0.0/24: the peer's application had the request …" */
export function slowWords(
  network: string,
  { limiter, missing, side }: Part & { side: keyof Whose },
  { us, of_us, of_connections }: Figures,
): string {
  const connections = of_connections === 1 ? 'a connection' : `${of_connections} connections`;
  return `${percent(us, of_us)} of the ${timeText(of_us)} of ${connections} with ${network}: ${SLOW_WORDS[limiter][side]}${wanting(missing)}.`;
}

function timeText(us: number): string {
  if (us >= 100e6) return `${Math.round(us / 1e6)} s`;
  return us >= 1e6 ? `${(us / 1e6).toFixed(1)} s` : `${Math.max(1, Math.round(us / 1000))} ms`;
}
