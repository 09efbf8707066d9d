// One connection that is watched at both ends, on every back end: which it is at the other host, and whether that one sent a reset.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findingsOf } from '../../../dashboards/views/connection/findings.ts';
import { connection } from '../../../server/storage/queries/connection.ts';
import { type RowValues, rowBytes } from '../../support/row-bytes.ts';
import { BACKENDS, type Fixture } from './backends.ts';
import { ago } from './hand-made-rows.ts';

const CLOSE = { event: 1, state: 7 };
const RST_SENT = 3;
const RST_RECEIVED = 4;
const [SENT, RECEIVED] = [1, 2];

type Ends = { client: RowValues; server: RowValues };

/** The two ends of connection `n`, on hosts of their own; between them an address is translated where `natted`. */
function endsOf(n: number, natted = false): Ends {
  const isn = { snd_isn: 1000 + n, rcv_isn: 2000 + n };
  const client = { host_id: 71, connection_id: n, comm: 'app', role: 1, local_addr: '10.0.0.1', local_port: 40_000 + n };
  const server = { host_id: 72, connection_id: n, comm: 'db', role: 2, local_addr: '10.0.0.2', local_port: 5432 };
  const seen = natted ? '192.0.2.7' : client.local_addr;
  return {
    client: { ...client, peer_addr: server.local_addr, peer_port: server.local_port, ...isn },
    server: { ...server, peer_addr: seen, peer_port: client.local_port, snd_isn: isn.rcv_isn, rcv_isn: isn.snd_isn },
  };
}

/** Only connection rows have the initial sequence numbers. */
const withoutIsn = ({ snd_isn: _, rcv_isn: __, ...end }: RowValues): RowValues => end;
const received = (end: RowValues) => ({ ...withoutIsn(end), direction: RECEIVED, has_socket: 1, idle_us: 40_000_000, state: 1 });
const DEVICE = endsOf(1);
const PEER = endsOf(2);
const NO_SOCKET = endsOf(3);
const TRANSLATED = endsOf(4, true);
const ALONE = endsOf(5);
const LATER = endsOf(6);
/** The server's clock is ahead by so many seconds. */
const SKEWED = { ends: endsOf(9), ahead_s: 5 };
/** Each has one of its two numbers by chance, and is not its other end. */
const STRANGERS: readonly RowValues[] = [
  { ...endsOf(7).server, snd_isn: ALONE.server['snd_isn'] ?? 0 },
  { ...endsOf(8).server, rcv_isn: ALONE.server['rcv_isn'] ?? 0 },
];
const all = [DEVICE, PEER, NO_SOCKET, TRANSLATED, LATER];

async function fill({ put }: Fixture): Promise<void> {
  const ended = (end: RowValues, end_reason: number) => rowBytes('connection', { ...end, ...CLOSE, end_reason, time_ns: ago(30) });
  const opened = (end: RowValues) => rowBytes('connection', { ...end, event: 0, state: 1, time_ns: ago(40) });
  await put('connection', [
    ...[...all, ALONE].flatMap(({ client }) => [opened(client), ended(client, RST_RECEIVED)]),
    ...all.flatMap(({ server }) => [opened(server), ended(server, RST_SENT)]),
    ...STRANGERS.map(opened),
    ...[SKEWED.ends.client, SKEWED.ends.server].flatMap((end, at) => {
      const by = (seconds: number) => ago(seconds - at * SKEWED.ahead_s);
      const open = rowBytes('connection', { ...end, event: 0, state: 1, time_ns: by(40) });
      return [open, rowBytes('connection', { ...end, ...CLOSE, end_reason: RST_SENT, rtt_min_us: 2000, time_ns: by(30) })];
    }),
  ]);
  await put('reset', [
    ...[...all, ALONE].map(({ client }) => rowBytes('reset', { ...received(client), time_ns: ago(30) })),
    rowBytes('reset', { ...withoutIsn(PEER.server), direction: SENT, has_socket: 1, time_ns: ago(30) }),
    // The process is gone: its host answers for a connection that it does not know any more.
    rowBytes('reset', { ...withoutIsn(NO_SOCKET.server), connection_id: 0, direction: SENT, has_socket: 0, time_ns: ago(30) }),
    // After the client had gone, its server gave up as well.
    rowBytes('reset', { ...withoutIsn(SKEWED.ends.server), direction: SENT, has_socket: 1, time_ns: ago(30 - SKEWED.ahead_s) }),
    rowBytes('reset', { ...withoutIsn(LATER.server), direction: SENT, has_socket: 1, time_ns: ago(20) }),
  ]);
}

describe.each(BACKENDS)('the other end on $name', ({ skip, open }) => {
  let fixture: Fixture;
  beforeAll(async () => {
    if (skip !== undefined) return;
    fixture = await open();
    await fill(fixture);
  });
  afterAll(async () => fixture?.close());

  const cases: readonly [string, Ends, 'sent' | 'none' | 'not watched', RegExp][] = [
    ['the watched peer sent none: a device on the way did', DEVICE, 'none', /not the peer’s: .* sent none before it came/],
    ['the watched peer sent it', PEER, 'sent', /The peer sent the reset/],
    ['the watched peer had no socket any more and sent it', NO_SOCKET, 'sent', /The peer sent the reset/],
    ['the peer is found behind address translation', TRANSLATED, 'none', /not the peer’s/],
    ['what the peer sent ten seconds later is another one', LATER, 'sent', /not the peer’s/],
    ['nobody watches the peer', ALONE, 'not watched', /it, or a device on the way, had given/],
  ];
  test.for(cases)('%s', async ([, { client, server }, what, words], context) => {
    context.skip(skip !== undefined, skip);
    const story = await connection(fixture.store, '71', String(client['connection_id']));
    if (story === undefined) throw new Error('no such connection');
    const other = { host_id: '72', connection_id: String(server['connection_id']), comm: 'db' };
    if (what === 'not watched') expect(story.other_end).toBeNull();
    else expect(story.other_end).toMatchObject({ ...other, reset_sent_ms: what === 'sent' ? expect.any(Number) : null });
    expect(
      findingsOf(story)
        .map((finding) => finding.words)
        .join('\n'),
    ).toMatch(words);
  });

  test('how far its clock is, by the handshake; its times are taken to this one’s', async (context) => {
    context.skip(skip !== undefined, skip);
    const here = await connection(fixture.store, '71', '9');
    const there = await connection(fixture.store, '72', '9');
    expect(here?.other_end).toMatchObject({ host_id: '72', clock_error_ms: 4 });
    expect(here?.other_end?.clock_ahead_ms).toBeCloseTo(SKEWED.ahead_s * 1000, 0);
    expect(there?.other_end?.clock_ahead_ms).toBeCloseTo(-SKEWED.ahead_s * 1000, 0);
    expect(here?.other_end?.reset_sent_ms).toBeCloseTo(here?.closed_ms ?? 0, 0);
    // Nobody measured a round trip of the others.
    expect((await connection(fixture.store, '71', '2'))?.other_end).toMatchObject({ clock_ahead_ms: null, clock_error_ms: null });
  });
});
