// The last row of a listener: what it counted since the last sweep, and what still waited for accept(). The kernel's own counters say how
// many came (PassiveOpens), how many it turned away (ListenOverflows) and how many of those that waited it reset (OutRsts).
import { once } from 'node:events';
import process from 'node:process';
import { createInterface, type Interface } from 'node:readline';
import { expect, test } from 'vitest';
import { openKernel } from '../../agent/kernel/ring-source.ts';
import { HEAD_AT, KINDS, type ListenerRow } from '../../bpf/rows/rows.gen.ts';
import { drainAll } from '../support/drain-all.ts';
import { makeLone } from '../support/lone-netns.ts';

const PORT = 7000;
const BACKLOG = 3;
/** The kernel lets one more wait than listen() says. */
const ROOM = BACKLOG + 1;

/** Does what each line says, and answers it. */
const SERVER = `use Socket; $| = 1; my @kept;
socket(L, PF_INET, SOCK_STREAM, 0); setsockopt(L, SOL_SOCKET, SO_REUSEADDR, 1);
sub again { listen(L, ${BACKLOG}) or die }
bind(L, sockaddr_in(${PORT}, INADDR_ANY)) or die; again();
print "listens\\n";
while (<STDIN>) {
  my ($what, $count) = split;
  if ($what eq 'accept') { for (1..$count) { accept(my $one, L) or die; push @kept, $one } }
  if ($what eq 'shutdown') { shutdown(L, 0) or die }
  if ($what eq 'listen') { again() }
  if ($what eq 'close') { close(L) }
  print "$what\\n";
}`;

/** Connects as often as told, one after the other, and keeps what it has; what is not answered within half a second is given up. */
const CLIENT = `use Socket; $| = 1; my @kept;
print "ready\\n";
while (<STDIN>) {
  my $made = 0;
  for (1..$_) {
    socket(my $one, PF_INET, SOCK_STREAM, 0);
    setsockopt($one, SOL_SOCKET, SO_SNDTIMEO, pack('l!l!', 0, 500_000));
    $made++ if connect($one, sockaddr_in(${PORT}, INADDR_LOOPBACK));
    push @kept, $one;
  }
  print "$made\\n";
}`;

type Scene = {
  server(line: string): Promise<string>;
  connect(count: number): Promise<number>;
  sweep(): void;
  rows(): ListenerRow[];
  counter(name: string): number;
};

/** Rows of the scene's namespace alone. */
function check(title: string, body: (scene: Scene) => Promise<void>): void {
  test(title, async (context) => {
    if (process.getuid?.() !== 0) return context.skip('needs root: network namespaces and BPF');
    const place = makeLone();
    const source = openKernel({ host_id: 1n, ring_bytes: 1 << 20 });
    source.sweep();
    const netns = BigInt(source.netns().find(({ name }) => name === place.name)?.netns ?? 0);
    const found: ListenerRow[] = [];
    try {
      const drain = () =>
        drainAll(source, (kind, bytes) => {
          const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
          for (let at = 0; kind === 'listener' && at < bytes.length; at += KINDS.listener.size)
            if (view.getBigUint64(at + HEAD_AT.netns, true) === netns) found.push(KINDS.listener.read(view, at));
        });
      const spoken = async (script: string) => {
        const child = place.start('perl', '-e', script);
        const answers: Interface = createInterface({ input: child.stdout ?? process.stdin });
        await once(answers, 'line');
        return async (line: string) => {
          const answer = once(answers, 'line');
          child.stdin?.write(`${line}\n`);
          return String((await answer)[0]);
        };
      };
      const [server, client] = [await spoken(SERVER), await spoken(CLIENT)];
      await body({
        server,
        connect: async (count) => Number(await client(String(count))),
        sweep() {
          source.sweep();
          drain();
        },
        rows() {
          drain();
          return found;
        },
        counter: (name) => Number(new RegExp(`${name}\\s+(\\d+)`).exec(place.run('nstat', '-asz', name))?.[1]),
      });
    } finally {
      source.close();
      place.close();
    }
  });
}

const ofAll = (rows: readonly ListenerRow[], member: 'accepted' | 'overflows' | 'drops') => rows.reduce((sum, row) => sum + row[member], 0);

check('one that lives between two sweeps has one row', async ({ server, connect, rows, counter }) => {
  expect(await connect(ROOM)).toBe(ROOM);
  await server(`accept ${ROOM}`);
  await server('close');
  expect(rows()).toMatchObject([
    { state: 'close', comm: 'perl', accepted: ROOM, accept_queue: 0, accept_queue_limit: BACKLOG, overflows: 0 },
  ]);
  expect(counter('TcpPassiveOpens')).toBe(ROOM);
});

check('of one that was swept, the last row tells the rest', async ({ server, connect, sweep, rows, counter }) => {
  await connect(2);
  await server('accept 2');
  for (let sweeps = 0; sweeps < 2; sweeps++) sweep();
  await connect(3);
  await server('close');
  sweep();
  const told = rows();
  expect(told.filter(({ state }) => state === 'close')).toMatchObject([{ accepted: 3, accept_queue: 3 }]);
  expect(ofAll(told, 'accepted')).toBe(counter('TcpPassiveOpens'));
});

check('what waited when it was closed is reset, and what met a full queue is told', async ({ server, connect, rows, counter }) => {
  expect(await connect(ROOM + 2)).toBe(ROOM);
  const resets = counter('TcpOutRsts');
  await server('close');
  const [last, ...others] = rows();
  expect(others).toEqual([]);
  expect(last).toMatchObject({ state: 'close', accept_queue: ROOM, accepted: ROOM, drops: counter('TcpExtListenDrops') });
  expect(counter('TcpExtListenDrops')).toBeGreaterThan(0);
  expect(counter('TcpOutRsts') - resets).toBe(ROOM);
});

check('shut down and opened again, the same socket counts anew', async ({ server, connect, sweep, rows, counter }) => {
  await connect(ROOM);
  await server(`accept ${ROOM}`);
  await server('shutdown');
  await server('listen');
  await connect(2);
  await server('accept 2');
  sweep();
  await server('close');
  const told = rows();
  expect(told.filter(({ state }) => state === 'close').map(({ accepted }) => accepted)).toEqual([ROOM, 0]);
  expect(ofAll(told, 'accepted')).toBe(counter('TcpPassiveOpens'));
});
