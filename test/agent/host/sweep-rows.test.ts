// Looks into namespaces, round after round, and the rows that they become: the ledger of segments sent again, and whose accept
// queue was full. That the figures are the kernel's is test/kernel/counters.test.ts's to say.
import { expect, test } from 'vitest';
import type { NetnsLook } from '../../../agent/host/sweep-counters.ts';
import { SweepRows } from '../../../agent/host/sweep-rows.ts';
import { KINDS, readListenerRow, readNamespaceRow, STATE } from '../../../bpf/rows/rows.gen.ts';
import { rowBytes } from '../../support/row-bytes.ts';

const HOST = 0x7e57n;
const SECOND_NS = 1_000_000_000n;

type Counted = { cookie?: bigint; retrans?: number; attributed?: number; overflows?: number; in_use?: number };

/** Files as Linux 6.18 writes them, shortened; the fields stand in another order than in rows. */
function filesOf({ retrans = 0, overflows = 0, in_use = 1 }: Counted): NetnsLook['files'] {
  return {
    snmp: `Ip: Forwarding OutNoRoutes ReasmTimeout\nIp: 2 3 0\nTcp: ActiveOpens CurrEstab InSegs OutSegs RetransSegs\nTcp: 7 5 900 800 ${retrans}\n`,
    netstat: `TcpExt: SyncookiesSent ListenOverflows TCPLossProbes\nTcpExt: 1 ${overflows} 4\nIpExt: InNoRoutes\nIpExt: 77\n`,
    snmp6: 'Ip6InNoRoutes                   \t50\nIp6OutNoRoutes                  \t2\n',
    sockstat: `sockets: used 37\nTCP: inuse ${in_use} orphan 2 tw 108 alloc 4 mem 79\nUDP: inuse 9 mem 9\n`,
    port_range: '32768\t60999\n',
  };
}

/** Rounds of one namespace, a second each; `met` counts how often its sockets were to be met. */
function rounds() {
  let round = 0;
  let now: Counted = {};
  let met = 0;
  const sweep = (path: string) => {
    if (path === 'gone') return 'ENOENT';
    const boot_ns = 10n ** 12n + BigInt(round) * SECOND_NS;
    return { cookie: now.cookie ?? 42n, inode: 7, boot_ns, time_ns: boot_ns + 5n, attributed: now.attributed ?? 0, files: filesOf(now) };
  };
  const sweeping = () => ({ more: false, finished: 0, alive: 0, slices: 1 });
  const lifetimes = () => ({ begun: 0, ended: 0, unopened: 0 });
  const rows = new SweepRows({ sweep, meet: () => met++, sweeping, lifetimes }, HOST);
  const buffer = new Uint8Array(10 * KINDS.namespace.size);
  return {
    rows,
    met: () => met,
    /** What one round gives. */
    look(counted: Counted) {
      round++;
      now = counted;
      rows.look('/proc/1/ns/net', true);
      const bytes = rows.drain(buffer);
      const view = new DataView(buffer.buffer, 0, bytes);
      return Array.from({ length: bytes / KINDS.namespace.size }, (_, at) => readNamespaceRow(view, at * KINDS.namespace.size));
    },
  };
}

test('each figure is the one that the kernel calls so; the first row has gauges and no gain', () => {
  const { look, met } = rounds();
  const [first] = look({ retrans: 100 });
  expect(first).toMatchObject({ host_id: HOST, netns: 42n, kind: 'namespace', interval_us: 0, uid: 0xffff_ffff, in_segs: 0 });
  expect(first).toMatchObject({ inuse: 1, orphans: 2, time_wait: 108, curr_estab: 5, mem_pages: 79, port_range: 28_232 });
  expect(met()).toBe(1);
});

test('what comes after the first round has been seen from its beginning; what is gone is no namespace', () => {
  const { rows, look, met } = rounds();
  look({});
  expect(rows.look('gone', false)).toBe('ENOENT');
  const [row] = look({ cookie: 43n, retrans: 3, attributed: 1 });
  expect(row).toMatchObject({ netns: 43n, interval_us: 0, in_segs: 900, retrans_segs: 3, retrans_attributed: 1, unattributed: 2 });
  expect(row).toMatchObject({ out_no_routes: 5, active_opens: 7, syncookies_sent: 1, loss_probes: 4 });
  expect(met()).toBe(2);
});

test('what nobody saw is told once, and only in rounds where something moved there is a row', () => {
  const { look, met } = rounds();
  look({ retrans: 100, attributed: 10 });
  expect(look({ retrans: 100, attributed: 10 })).toEqual([]);
  expect(look({ retrans: 105, attributed: 12 })[0]).toMatchObject({ interval_us: 2_000_000, retrans_segs: 5, unattributed: 3 });
  expect(look({ retrans: 105, attributed: 12 })).toEqual([]);
  // It is attributed after all: that takes nothing back.
  expect(look({ retrans: 106, attributed: 16 })[0]).toMatchObject({ retrans_segs: 1, retrans_attributed: 4, unattributed: 0 });
  expect(look({ retrans: 110, attributed: 16 })[0]).toMatchObject({ unattributed: 1 });
  expect(met()).toBe(1);
});

type Listener = { drops: number; last_acks?: number; is_full?: boolean; is_last?: boolean };

/** Sweeps of two listeners, with what the namespace counted before each; the overflows that each listener is given. */
const shares: { it: string; sweeps: { counted: number; listeners: Listener[] }[]; given: number[][] }[] = [
  { it: 'the last ACKs were seen', sweeps: [{ counted: 3, listeners: [{ drops: 6, last_acks: 3 }] }], given: [[3]] },
  { it: 'SYNs met a full queue', sweeps: [{ counted: 4, listeners: [{ drops: 4, is_full: true }, { drops: 9 }] }], given: [[4, 0]] },
  {
    it: 'one closes with a full queue: its last drops come before the counter, which then explains no other’s',
    sweeps: [
      { counted: 0, listeners: [{ drops: 5, is_full: true, is_last: true }, { drops: 0 }] },
      { counted: 5, listeners: [{ drops: 0 }, { drops: 7, is_full: true }] },
    ],
    given: [
      [5, 0],
      [0, 0],
    ],
  },
  {
    it: 'one closes without a full queue',
    sweeps: [{ counted: 0, listeners: [{ drops: 5, is_last: true }] }],
    given: [[0]],
  },
  { it: 'drops of another cause', sweeps: [{ counted: 0, listeners: [{ drops: 9, is_full: true }] }], given: [[0]] },
  { it: 'never more than its drops', sweeps: [{ counted: 9, listeners: [{ drops: 2, is_full: true }] }], given: [[2]] },
  {
    it: 'the counter is read after the drops: the only suspect gets it with the next sweep',
    sweeps: [
      { counted: 0, listeners: [{ drops: 5 }, { drops: 0 }] },
      { counted: 5, listeners: [{ drops: 0 }, { drops: 0 }] },
    ],
    given: [
      [0, 0],
      [5, 0],
    ],
  },
  {
    it: 'of two suspects neither can be told',
    sweeps: [
      { counted: 0, listeners: [{ drops: 5 }, { drops: 5 }] },
      { counted: 5, listeners: [{ drops: 0 }, { drops: 0 }] },
    ],
    given: [
      [0, 0],
      [0, 0],
    ],
  },
];

test.each(shares)('overflows are shared out: $it', ({ sweeps, given }) => {
  const { rows, look } = rounds();
  look({});
  let overflows = 0;
  const got = sweeps.map(({ counted, listeners }) => {
    overflows += counted;
    look({ overflows });
    const bytes = Buffer.concat(
      listeners.map(({ drops, last_acks = 0, is_full = false, is_last = false }, number) =>
        rowBytes('listener', {
          connection_id: BigInt(number + 1),
          netns: 42n,
          state: STATE.indexOf(is_last ? 'close' : 'listen'),
          drops,
          overflows: last_acks,
          accept_queue: is_full ? 2 : 0,
          accept_queue_limit: 1,
        }),
      ),
    );
    rows.complete(bytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return listeners.map((_, number) => readListenerRow(view, number * KINDS.listener.size).overflows);
  });
  expect(got).toEqual(given);
});
