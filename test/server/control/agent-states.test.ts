// What agents say of their settings reaches the store though that refuses it at first, and nobody says it again.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { REAL_DISK } from '../../../agent/durable/disk.ts';
import { RecordBook } from '../../../server/access/record-book.ts';
import type { AgentStateRecord } from '../../../server/access/records.ts';
import { AgentStates } from '../../../server/control/agent-states.ts';
import { openEmbedded } from '../../../server/storage/embedded.ts';
import { testDirectory, until } from '../support/collector.ts';

const HOST = '00000000000000aa';
const STATE: AgentStateRecord = { agent_version: '0.1.0', version: 3, in_force: [], at_ms: 1 };

test('a store that refuses twice has it in the end', async () => {
  const directory = await testDirectory();
  const store = await openEmbedded({ path: join(directory.path, 'engine') });
  await store.migrate();
  let refusals = 0;
  const reluctant = {
    ...store,
    insertAccess: (...given: Parameters<typeof store.insertAccess>) =>
      refusals-- > 0 ? Promise.reject(new Error('away')) : store.insertAccess(...given),
  };
  const failures: unknown[] = [];
  const failed = (error: unknown) => void failures.push(error);
  const book = new RecordBook({ store: reluctant, disk: REAL_DISK, directory: directory.path, failed });
  await book.open();
  await book.follow();
  const states = new AgentStates(book, failed);
  refusals = 2;
  states.note(HOST, STATE);
  await until(
    () => book.get('agent_state', HOST),
    (found) => found !== undefined,
  );
  expect(book.get('agent_state', HOST)).toEqual(STATE);
  expect(failures).toHaveLength(2);
  states.stop();
  await book.stop();
  await store.close();
  await directory.remove();
});
