// `make bench-overhead`: what watching costs. In one run, alternating, the same storm of short connections with nothing,
// with tcplens and with the tools that people use for the same job; requests and answers on connections that are kept; and
// the time of a sweep over many sockets. The medians are compared, the aims are printed with whether they are met, nothing fails, and the last line is JSON.
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
import { receiptOf } from '../support/receipt.ts';
import { buildStorm, runClients, serveStorm } from '../support/storm.ts';
import { type Contender, contenders, whyNot } from './overhead/contenders.ts';
import { type Case, type ExchangeFigures, exchangeFigures, type Helpers } from './overhead/exchanges.ts';
import { aimTable, contenderTable, exchangeTable, jsonLine, participants, programTable, sweepTable } from './overhead/report.ts';
import { aimsOf, figuresOf, programFigures } from './overhead/summary.ts';
import { type SweepBase, type SweepFigures, socketNs, sweepBase, sweepFigures } from './overhead/sweep.ts';
import { emptyTurn, type Seconds, type Storm, type Turn, takeTurn } from './overhead/turn.ts';

const THREADS = 4;
const PORT = 7000;
/** Below, what a socket takes is lost in what the sweep itself does. */
const MANY_SOCKETS = 10_000;

const CASES: readonly Case[] = [1, 4, 64].flatMap((connections) => [64, 16_384].map((bytes) => ({ connections, bytes })));
const EXCHANGING: readonly string[] = ['tcplens', 'tcplife', 'tcpdump'];

const { values } = parseArgs({
  options: {
    turns: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    counted: { type: 'string', default: '2' },
    only: { type: 'string', default: '' },
    sockets: { type: 'string', default: '1000,10000,100000' },
    parts: { type: 'string', default: 'sweeps,exchanges,storm' },
  },
});
const turns = Number(values.turns);
const seconds: Seconds = { plain: Number(values.seconds), counted: Number(values.counted) };
const sockets = values.sockets
  .split(',')
  .map(Number)
  .filter((count) => count > 0);
const hasPart = (part: 'sweeps' | 'exchanges' | 'storm') => values.parts.split(',').includes(part);

/** A collector that acknowledges everything and keeps nothing: what a collector does is not an agent's cost. */
async function openSink(): Promise<{ url: string; close(): void }> {
  const server = createServer(async (request, response) => {
    response.end(JSON.stringify(receiptOf(request.headers, Buffer.concat(await request.toArray()))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close().closeAllConnections() };
}

async function openStorm(directory: string, place: LoneNetns, count_runs: string) {
  const program = buildStorm(directory);
  const server = await serveStorm(program, place, { address: '0.0.0.0', port: PORT, threads: THREADS });
  const clients = { address: '127.0.0.1', port: PORT, threads: THREADS, peers: 4 };
  const storm: Storm = { netns: place.name, count_runs, run: (seconds) => runClients(program, place, { ...clients, seconds }) };
  return { storm, stop: () => server.stop() };
}

function takingPart(collector: string): Contender[] {
  const all = contenders(collector).filter(({ name }) => values.only === '' || values.only.split(',').includes(name));
  const taking = all.filter((contender) => whyNot(contender) === '');
  for (const contender of all) if (!taking.includes(contender)) console.log(`${contender.name} cannot take part: ${whyNot(contender)}`);
  console.log(`${participants(taking)}\n`);
  return taking;
}

async function takeExchanges(all: readonly Contender[], place: LoneNetns, helpers: Helpers): Promise<ExchangeFigures[]> {
  const figures: ExchangeFigures[] = [];
  for (const at of CASES) {
    for (const contender of all.filter(({ name }) => EXCHANGING.includes(name))) {
      figures.push(await exchangeFigures(turns, { contender, at, seconds: seconds.plain / 3, place, helpers }));
    }
  }
  return figures;
}

/** Every round has a turn of each, in another order each time, nothing first. */
async function takeTurns(storm: Storm, taking: readonly Contender[]): Promise<Map<string, Turn[]>> {
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

const compile = (name: string, directory: string) => compileC(new URL(`overhead/${name}.c`, import.meta.url).pathname, directory);

async function takeSweeps(directory: string, place: LoneNetns): Promise<{ base: SweepBase; sweeps: SweepFigures[] }> {
  const hold = compile('hold', directory);
  const base = sweepBase();
  const sweeps: SweepFigures[] = [];
  for (const count of sockets) sweeps.push(await sweepFigures(hold, place, count));
  return { base, sweeps };
}

const directory = mkdtempSync(join(tmpdir(), 'tcplens-overhead-'));
const sink = await openSink();
const places = { sweeps: makeLone(), exchanges: makeLone(), storm: makeLone() };
try {
  const helpers: Helpers = { exchange: compile('exchange', directory), count_runs: compile('count-runs', directory) };
  const taking = takingPart(sink.url);
  // Before the storm: what it leaves in TIME_WAIT would be swept too.
  const { base, sweeps } = hasPart('sweeps') ? await takeSweeps(directory, places.sweeps) : { base: sweepBase(), sweeps: [] };
  console.log(`${sweepTable(base, sweeps)}\n`);
  const exchanges = hasPart('exchanges') ? await takeExchanges(taking, places.exchanges, helpers) : [];
  console.log(`${exchangeTable(exchanges)}\n`);
  const taken = new Map<string, Turn[]>();
  if (hasPart('storm')) {
    const { storm, stop } = await openStorm(directory, places.storm, helpers.count_runs);
    for (const [name, list] of await takeTurns(storm, taking)) taken.set(name, list);
    await stop();
  }
  const nothing = taken.get('nothing') ?? [];
  const figures = new Map([...taken].map(([name, list]) => [name, figuresOf(list, nothing)]));
  const programs = new Map([...taken].map(([name, list]) => [name, programFigures(list)]));
  const many = sweeps.filter((each) => each.sockets >= MANY_SOCKETS);
  const aims = aimsOf(
    figures,
    many.map((each) => socketNs(each.moved, base, each.sockets)),
    exchanges,
  );
  console.log(disturbance([...taken.values()].flat()));
  console.log(`\n${contenderTable(figures)}\n\n${programTable(programs)}\n\n${aimTable(aims)}\n`);
  console.log(jsonLine(figures, base, sweeps, exchanges, aims));
} finally {
  sink.close();
  for (const place of Object.values(places)) place.close();
  rmSync(directory, { recursive: true, force: true });
}
process.exit(0); // the loader's library stays loaded
