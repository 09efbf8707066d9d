// `make bench-overhead`: what watching costs. In one run, alternating, the same storm of short connections with nothing,
// with tcplens and with the tools that people use for the same job; and the time of a sweep over many sockets. The
// medians are compared, the aims are printed with whether they are met, nothing fails, and the last line is JSON.
//
// What favours the others: they write to /dev/null, keep nothing and send nothing.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { compileC } from '../support/compile-c.ts';
import { type LoneNetns, makeLone } from '../support/lone-netns.ts';
import { buildStorm, runClients, serveStorm } from '../support/storm.ts';
import { contenders, whyNot } from './overhead/contenders.ts';
import { aimTable, contenderTable, jsonLine, participants, programTable, sweepTable } from './overhead/report.ts';
import { aimsOf, figuresOf, programFigures } from './overhead/summary.ts';
import { type SweepBase, type SweepFigures, socketNs, sweepBase, sweepFigures } from './overhead/sweep.ts';
import { emptyTurn, type Seconds, type Storm, type Turn, takeTurn } from './overhead/turn.ts';

const THREADS = 4;
const PORT = 7000;
/** Below, what a socket takes is lost in what the sweep itself does. */
const MANY_SOCKETS = 10_000;

const { values } = parseArgs({
  options: {
    turns: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    counted: { type: 'string', default: '2' },
    only: { type: 'string', default: '' },
    sockets: { type: 'string', default: '1000,10000,100000' },
  },
});
const turns = Number(values.turns);
const seconds: Seconds = { plain: Number(values.seconds), counted: Number(values.counted) };
const sockets = values.sockets
  .split(',')
  .map(Number)
  .filter((count) => count > 0);

/** A collector that acknowledges everything and keeps nothing: what a collector does is not an agent's cost. */
async function openSink(): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => request.resume().on('end', () => response.end('{}')));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close().closeAllConnections() };
}

async function openStorm(directory: string, place: LoneNetns) {
  const program = buildStorm(directory);
  const server = await serveStorm(program, place, { address: '0.0.0.0', port: PORT, threads: THREADS });
  const clients = { address: '127.0.0.1', port: PORT, threads: THREADS, peers: 4 };
  const storm: Storm = { netns: place.name, run: (seconds) => runClients(program, place, { ...clients, seconds }) };
  return { storm, stop: () => server.stop() };
}

/** Every round has a turn of each, in another order each time, nothing first. */
async function takeTurns(storm: Storm, collector: string): Promise<Map<string, Turn[]>> {
  const all = contenders(collector).filter(({ name }) => values.only === '' || values.only.split(',').includes(name));
  const taking = all.filter((contender) => whyNot(contender) === '');
  for (const contender of all) if (!taking.includes(contender)) console.log(`${contender.name} cannot take part: ${whyNot(contender)}`);
  console.log(`${participants(taking)}\n`);
  const taken = new Map<string, Turn[]>(['nothing', ...taking.map(({ name }) => name)].map((name) => [name, []]));
  await storm.run(seconds.plain);
  for (let round = 0; round < turns; round++) {
    taken.get('nothing')?.push(await emptyTurn(storm, seconds));
    for (const at of taking.keys()) {
      const contender = taking[(at + round) % taking.length];
      if (contender === undefined) continue;
      taken.get(contender.name)?.push(await takeTurn(contender, storm, seconds));
    }
    console.log(
      `round ${round + 1}: ${[...taken].map(([name, list]) => `${name} ${Math.round(list.at(-1)?.connections_per_s ?? 0)}/s`).join(', ')}`,
    );
  }
  return taken;
}

/** What a person has to know of the machine to believe the figures. */
function disturbance(turns: readonly Turn[]): string {
  const disturbed = turns.filter(({ foreign }) => foreign.length > 0);
  const names = new Set(disturbed.flatMap(({ foreign }) => foreign));
  if (names.size === 0) return 'no BPF program of others ran meanwhile';
  return `in ${disturbed.length} of ${turns.length} turns BPF programs of others ran too, and slowed all down: ${[...names].join(', ')}`;
}

async function takeSweeps(directory: string, place: LoneNetns): Promise<{ base: SweepBase; sweeps: SweepFigures[] }> {
  const hold = compileC(new URL('overhead/hold.c', import.meta.url).pathname, directory);
  const base = sweepBase();
  const sweeps: SweepFigures[] = [];
  for (const count of sockets) sweeps.push(await sweepFigures(hold, place, count));
  return { base, sweeps };
}

const directory = mkdtempSync(join(tmpdir(), 'tcplens-overhead-'));
const sink = await openSink();
const places = { sweeps: makeLone(), storm: makeLone() };
try {
  // Before the storm: what it leaves in TIME_WAIT would be swept too.
  const { base, sweeps } = await takeSweeps(directory, places.sweeps);
  console.log(`${sweepTable(base, sweeps)}\n`);
  const { storm, stop } = await openStorm(directory, places.storm);
  const taken = await takeTurns(storm, sink.url);
  await stop();
  const nothing = taken.get('nothing') ?? [];
  const figures = new Map([...taken].map(([name, list]) => [name, figuresOf(list, nothing)]));
  const programs = new Map([...taken].map(([name, list]) => [name, programFigures(list)]));
  const aims = aimsOf(
    figures,
    sweeps.filter(({ sockets }) => sockets >= MANY_SOCKETS).map(({ sockets, moved }) => socketNs(moved, base, sockets)),
  );
  console.log(disturbance([...taken.values()].flat()));
  console.log(`\n${contenderTable(figures)}\n\n${programTable(programs)}\n\n${aimTable(aims)}\n`);
  console.log(jsonLine(figures, base, sweeps, aims));
} finally {
  sink.close();
  for (const place of Object.values(places)) place.close();
  rmSync(directory, { recursive: true, force: true });
}
process.exit(0); // the loader's library stays loaded
