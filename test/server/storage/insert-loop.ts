// A child of crash.test.ts: inserts every segment of a directory and says so after each, until it is killed.
// `node insert-loop.ts ENGINE_DIRECTORY SEGMENTS_JSON`
import process from 'node:process';
import { openEmbedded } from '../../../server/storage/embedded.ts';
import type { Segment } from '../../../server/storage/engine.ts';

const [path, segments] = process.argv.slice(2);
if (path === undefined || segments === undefined) throw new Error('usage: insert-loop.ts ENGINE_DIRECTORY SEGMENTS_JSON');
const store = await openEmbedded({ path });
await store.migrate();
for (const segment of JSON.parse(segments) as Segment[]) {
  await store.insertSegment(segment);
  process.stdout.write(`${segment.path}\n`);
}
await store.close();
