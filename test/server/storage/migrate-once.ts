// A child of migration-kill.test.ts: opens an engine, says so, and migrates it. `node migrate-once.ts ENGINE_DIRECTORY`
import process from 'node:process';
import { openEmbeddedEngine } from '../../../server/storage/embedded.ts';
import { migrate } from '../../../server/storage/migrations.ts';

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: migrate-once.ts ENGINE_DIRECTORY');
const engine = await openEmbeddedEngine({ path });
process.stdout.write('open\n');
await migrate(engine);
await engine.close();
process.exit(0); // the engine keeps threads of its own
