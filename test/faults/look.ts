// A child of check.ts, since an engine opens one directory a process: `node look.ts QUESTION.json` prints what is wrong.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { openEmbeddedEngine } from '../../server/storage/embedded.ts';
import { upkeepOf } from '../../server/storage/upkeep.ts';
import { accountsWrong, silentLosses, storedWrong } from './accounts.ts';
import type { Ask, Found, Question } from './check.ts';
import { rollupsWrong } from './rollups.ts';
import { rowsWrong } from './rows.ts';

const question = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Question;
const engine = await openEmbeddedEngine({ path: question.engine, database: question.database });
// Then every minute, hour and day of the run is over.
const upkeep = upkeepOf(engine);
const later_ms = Date.now() + 2 * 86_400_000;
await upkeep.makeMinutes(later_ms);
await upkeep.refresh(later_ms);
const ask: Ask = (sql) => engine.query(sql);
const rows = await rowsWrong(ask, question);
const account = await accountsWrong(ask, question, rows.stored);
// Without the journals and books that tell of rows, nobody can say of each row whether it was sent, or sent again. An agent whose books
// have lost what they said of a batch sends it again and counts it again, though the collector knows it: it then tells more than there was,
// never less.
const exact = question.ledgers_damaged.length === 0;
const sentOnce = !question.ledgers_damaged.includes('agent');
// Nor can anybody say it of rows that the engine's files have lost, once the collector has named that damage.
const counted = exact ? account.wrong : sentOnce ? await silentLosses(ask) : [];
const byRow = [...(exact ? rows.wrong : []), ...(question.store_damaged ? [] : counted)];
const wrong = [...byRow, ...(await rollupsWrong(ask)), ...(await storedWrong(ask))];
process.stdout.write(JSON.stringify({ wrong, summary: rows.summary, losses: account.losses } satisfies Found));
await engine.close();
process.exit(0);
