// A child of tiers.test.ts: puts late rows into two days, says so, builds their hours and days anew, and waits to be killed.
// `node late-rows.ts ENGINE_DIRECTORY ROUND`
import process from 'node:process';
import { openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import { upkeepOf } from '../../../server/storage/upkeep.ts';
import { DAY_S, FIRST_S, putLate } from './tier-sums.ts';

const [path, round] = process.argv.slice(2);
if (path === undefined || round === undefined) throw new Error('usage: late-rows.ts ENGINE_DIRECTORY ROUND');
const engine = await openEmbeddedEngine({ path });
await putLate(engine, FIRST_S, 2 * DAY_S, 500, 1_000_000 * (1 + Number(round)));
process.stdout.write('put\n');
await upkeepOf(engine).refresh(Date.now());
setInterval(() => undefined, 1000);
