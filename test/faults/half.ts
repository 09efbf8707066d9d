// A child that begins work on an engine and is killed within it, at a statement of a given number:
// `node half.ts ENGINE_DIRECTORY DATABASE migrate|refresh STATEMENT THEN_MS`.
import process from 'node:process';
import { openEmbeddedEngine } from '../../server/storage/embedded.ts';
import type { Engine } from '../../server/storage/engine.ts';
import { migrate } from '../../server/storage/migrations.ts';
import { TierRefresh } from '../../server/storage/tier-refresh.ts';

const [path = '', database = '', work = '', statement = '', then_ms = ''] = process.argv.slice(2);
/** The refresh is made as if it were so much later: then every hour and day of the run is over. */
const LATER_MS = 2 * 86_400_000;

const engine = await openEmbeddedEngine({ path, database });

let statements = 0;
const counted =
  <Args extends readonly unknown[], Result>(run: (...args: Args) => Promise<Result>) =>
  (...args: Args): Promise<Result> => {
    if (++statements === Number(statement)) setTimeout(() => process.kill(process.pid, 'SIGKILL'), Number(then_ms));
    return run(...args);
  };
const mortal: Engine = {
  ...engine,
  command: counted(engine.command),
  fill: counted(engine.fill),
  define: counted(engine.define),
  insertObjects: counted(engine.insertObjects),
};
if (work === 'migrate') await migrate(mortal);
else await new TierRefresh(mortal).run(Date.now() + LATER_MS);
await engine.close();
process.exit(0);
