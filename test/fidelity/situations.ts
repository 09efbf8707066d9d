// Which clicks lead to the cause of a situation, what is said there, and what must not be said: of scenarios A, B, C5 and D.
import type { Scenario } from './scenario.ts';
import { onThePage } from './scenarios/on-the-page.ts';
import { pauses } from './scenarios/pauses.ts';
import { pileUps } from './scenarios/pile-ups.ts';
import { resets } from './scenarios/resets.ts';
import { retransmissions } from './scenarios/retransmissions.ts';
import { slow } from './scenarios/slow.ts';

/** Most clicks from the first page, with the host in the filter. */
export const CLICKS_MAX = 3;

/** A page of the top bar; a count above the list of connections; the first row of a table. */
export type Click = { page: string } | { chip: string } | { row: string };

export type Situation = {
  scenario: Scenario;
  side: 'client' | 'server';
  clicks: readonly Click[];
  says: RegExp;
  never: readonly RegExp[];
};

const ALL = [...resets, ...slow, ...pauses, ...pileUps, ...retransmissions, ...onThePage];
const STORY: readonly Click[] = [{ page: 'Connections' }, { row: 'connections' }];
const LISTENERS: readonly Click[] = [{ page: 'Listeners' }];
const refusedAt = (id: string): readonly Click[] => [{ page: 'Connections' }, { chip: `failed connects/${id}` }, { row: 'connections' }];

/** Words that blame. They must not fall where somebody else did it. */
const NETWORK = /lost on the way|in the network\b(?!\.)|by the network/;
const PATH = /\bthe path\b(?=[A-Z ])/;
const APPLICATION = /reads too slowly|too seldom|this process (?:It|Its|Answers|The)/;

function on(id: string, side: Situation['side'], clicks: readonly Click[], says: RegExp, ...never: RegExp[]): Situation {
  const scenario = ALL.find((each) => each.id === id);
  if (scenario === undefined) throw new Error(`there is no scenario ${id}`);
  return { scenario, side, clicks, says, never };
}

export const situations: readonly Situation[] = [
  on('A1', 'client', STORY, /The reset was not the peer’s: a1-server is watched too and sent none before it came/, /were lost/),
  on(
    'A1b',
    'client',
    STORY,
    /Given up with 100 B never acknowledged: the peer is gone, or nothing passes on the way any more/,
    APPLICATION,
  ),
  on('A2', 'client', STORY, /The peer sent the reset: a2-server is watched too, and says so/, NETWORK),
  on(
    'A2',
    'server',
    STORY,
    /Sent the reset: the process closed while received bytes were still waiting to be read, with 5 kB unread/,
    NETWORK,
  ),
  on('A3', 'client', STORY, /Sent the reset: the process closes by a reset: SO_LINGER with 0 seconds is set/, NETWORK),
  on('A4', 'client', refusedAt('refused'), /a4-server is watched too: nobody listened on port 7000 there when the SYN came/, /firewall/),
  on(
    'A4',
    'server',
    LISTENERS,
    // In the end nobody listens until the page is asked, which may be minutes later.
    /Nobody listened for [\d.]+ (?:ms|s|min)(?: \d+ s)?, the last time from \d\d:\d\d:\d\d\.\d{3}: its socket was closed/,
    NETWORK,
  ),
  on('A5', 'server', LISTENERS, /Its accept queue was full 8 times when somebody asked to connect/, NETWORK, /client bug/),
  on(
    'A6',
    'client',
    refusedAt('timeout'),
    /a6-server is watched too: it dropped \d+ packets of it itself, not the network: its firewall/,
    APPLICATION,
  ),
  on(
    'A6d',
    'client',
    refusedAt('refused'),
    /A reset answered the SYN: nobody listens on port 7000 there, or a device on the way refuses/,
    APPLICATION,
  ),
  on('A7', 'server', STORY, /Given up with \d probes unanswered: .* The peer was last heard \d/, NETWORK),
  on(
    'B1',
    'client',
    STORY,
    /It opened 12 connections to 10\.77\.0\.2:7000 within two minutes, for 12 requests: a connection for each/,
    NETWORK,
  ),
  on('B3', 'client', STORY, /Its receive window was full for [\d.]+ % of the time/, NETWORK),
  on('B4', 'client', STORY, /Its send buffer was full for [\d.]+ % of the time/, NETWORK),
  on(
    'B6',
    'client',
    STORY,
    /The handshake took 2(?:\.\d)? s: a SYN or its answer was lost, filtered, or met a full accept queue/,
    APPLICATION,
  ),
  on(
    'B7',
    'client',
    STORY,
    /b7-server is watched too and took [\d.]+ (?:ms|µs) from reading a request to answering it: a small write waits for the acknowledgement of the one before/,
    NETWORK,
    /most likely the peer’s/,
  ),
  on('B8', 'client', STORY, /the time goes by in the applications, most likely the peer’s, not in the network/, /were lost/, PATH),
  on('B8', 'server', STORY, /It took \d+ ms on average from a request to the answer, 5 times/, NETWORK),
  on('B9', 'client', STORY, /Its congestion window was cut (?:once|\d+ times) because nothing had been sent for a while/, NETWORK),
  on('B10', 'server', STORY, /It read too slowly: up to [\d.]+ kB lay unread, and its receive window was closed/, NETWORK),
  on('C5', 'server', LISTENERS, /:7000 0 0 closed 0 % 0 9 .*:7001 0 0 closed 0 % 0 3/, NETWORK),
  on('C5b', 'server', LISTENERS, /packets were dropped for other reasons: handshake queue full/, NETWORK),
  on('D1c', 'client', STORY, /\d+ of [\d ]+ data segments \([\d.]+ %\) were lost on the way or at the peer’s host/, APPLICATION),
  on('D2', 'client', STORY, /No data was lost: sent again were 1 tail probe/, /were lost/),
  on('D3', 'client', STORY, /1 segment of 1 sent again had not been lost: reordering, or a timer that fired too early/, /were lost/),
  on('D4', 'client', STORY, /Given up with [\d.]+ kB never acknowledged/, APPLICATION),
  on(
    'D5',
    'client',
    STORY,
    /\d+ packets of it were dropped here: by this host’s firewall \(netfilter\), neither by the network nor by the peer/,
    PATH,
  ),
  on('D5b', 'client', STORY, /packets of it were dropped here: this host’s own send queue or shaper dropped it: not the network/, PATH),
  on(
    'D7',
    'client',
    STORY,
    /all \d+ segments with data reached it, so nothing was lost on the way out\. .*Acknowledgements were lost on the way back/,
  ),
  on('W10', 'client', STORY, /w10-server is watched too: of \d+ segments with data, \d+ did not reach its socket/, APPLICATION),
];
