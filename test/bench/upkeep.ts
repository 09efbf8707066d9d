// `make bench-upkeep`: what a row costs until its minutes and its hour are built, with more rows in the same hour. A row of a busy hour
// should cost as much as one of a quiet hour, and no statement should take longer: inserts wait for it. The last columns are the ratios.
// `--hosts 1 --peers 1`: all connections are between two addresses. The last line is JSON.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { openEmbeddedEngine } from '../../server/storage/embedded.ts';
import type { Engine } from '../../server/storage/engine.ts';
import { migrate } from '../../server/storage/migrations.ts';
import { upkeepOf } from '../../server/storage/upkeep.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '2000000,4000000,8000000' },
    hosts: { type: 'string', default: '20' },
    peers: { type: 'string', default: '200' },
  },
});
const [hosts, peers] = [Number(values.hosts), Number(values.peers)];
const HOUR_S = 3600;
const ROWS_AN_INSERT = 500_000;
/** Samples of a connection in the hour. */
const ROWS_A_CONNECTION = 8;

/**
 * CPU of a core in µs for each row. `minutes`: twelve pieces of five minutes; `busy`: one piece; `hour`: hour and map. `longest_ms`: the
 * longest statement.
 */
type Cost = { rows: number; busy: number; minutes: number; hour: number; longest_ms: number };

/** Rows spread over `span_s` from `from_s`: of each host the same number, and eight of each connection. */
async function put(engine: Engine, rows: number, from_s: number, span_s: number): Promise<void> {
  const connection = `intDiv(number, ${ROWS_A_CONNECTION})`;
  const columns = {
    time_ns: `fromUnixTimestamp64Nano(toInt64(${from_s} + number % ${span_s}) * 1000000000)`,
    host_id: `cityHash64(${connection} % ${hosts})`,
    connection_id: connection,
    role: "'client'",
    local_addr: `toIPv6(concat('::ffff:10.0.0.', toString(${connection} % ${hosts})))`,
    local_port: `1024 + ${connection} % 60000`,
    peer_addr: `toIPv6(concat('::ffff:10.1.0.', toString(${connection} % ${peers})))`,
    peer_port: '443',
    data_segs_out: '1',
    epoch: '1',
    sequence: '1',
    batch_row: 'number',
  };
  for (let at = 0; at < rows; at += ROWS_AN_INSERT)
    await engine.command(
      `INSERT INTO sample (${Object.keys(columns).join(', ')}) SELECT ${Object.values(columns).join(', ')} FROM numbers(${at}, ${Math.min(ROWS_AN_INSERT, rows - at)})`,
    );
}

async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** On an engine of its own for each span, since a piece is built once. */
async function costOf(rows: number): Promise<Cost> {
  const cost = { rows, busy: 0, minutes: 0, hour: 0, longest_ms: 0 };
  for (const span_s of [300, HOUR_S]) {
    const directory = mkdtempSync(join(tmpdir(), 'tcplens-bench-upkeep-'));
    const engine = await openEmbeddedEngine({ path: join(directory, 'engine') });
    await migrate(engine);
    await put(engine, rows, (Math.floor(Date.now() / 1000 / HOUR_S) - 2) * HOUR_S, span_s);
    const fill: Engine['fill'] = async (filling, asker) => {
      const began_ms = performance.now();
      await engine.fill(filling, asker);
      cost.longest_ms = Math.max(cost.longest_ms, performance.now() - began_ms);
    };
    const upkeep = upkeepOf({ ...engine, fill });
    cost[span_s === HOUR_S ? 'minutes' : 'busy'] = (await cpuOf(() => upkeep.makeMinutes(Date.now()))) / rows;
    if (span_s === HOUR_S) cost.hour = (await cpuOf(() => upkeep.refresh(Date.now()))) / rows;
    await engine.close();
    rmSync(directory, { recursive: true });
  }
  return cost;
}

const costs: Cost[] = [];
console.log(
  '        rows   five minutes   minutes of an hour   hour and map   beside the least rows   longest statement   beside the least rows',
);
for (const rows of values.rows.split(',').map(Number)) {
  const cost = await costOf(rows);
  costs.push(cost);
  const [first = cost] = costs;
  const all = ({ busy, minutes, hour }: Cost) => busy + minutes + hour;
  console.log(
    [
      String(rows).padStart(12),
      `${cost.busy.toFixed(2)} µs`.padStart(15),
      `${cost.minutes.toFixed(2)} µs`.padStart(21),
      `${cost.hour.toFixed(2)} µs`.padStart(15),
      `${(all(cost) / all(first)).toFixed(2)}`.padStart(24),
      `${cost.longest_ms.toFixed(0)} ms`.padStart(20),
      `${(cost.longest_ms / first.longest_ms).toFixed(2)}`.padStart(24),
    ].join(''),
  );
}
console.log(JSON.stringify({ bench: 'upkeep', hosts, peers, costs }));
