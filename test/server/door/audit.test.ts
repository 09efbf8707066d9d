// Entries while the store takes none: they are kept up to a bound, and each one that is given up is counted.
import type { FastifyRequest } from 'fastify';
import { expect, test } from 'vitest';
import { Audit, WAITING_MAX } from '../../../server/door/audit.ts';
import type { AuditEntry } from '../../../server/storage/audit.ts';

const REQUEST = { raw: { socket: { remoteAddress: '127.0.0.1' } }, headers: {}, ip: '127.0.0.1' } as unknown as FastifyRequest;

test('none that is noted while others fail to be written goes uncounted', async () => {
  const stored: AuditEntry[] = [];
  const attempts: PromiseWithResolvers<void>[] = [];
  let lost = 0;
  const store = {
    insertAudit: async (entries: readonly AuditEntry[]) => {
      const attempt = Promise.withResolvers<void>();
      attempts.push(attempt);
      await attempt.promise;
      stored.push(...entries);
    },
  };
  const audit = new Audit(store, (entries) => {
    lost += entries;
  });
  const note = (target: number) => audit.note(REQUEST, { action: 'login', target: String(target) }, 'done');
  const noted = WAITING_MAX + 100;
  for (let target = 0; target < WAITING_MAX; target++) note(target);
  await expect.poll(() => attempts.length, { timeout: 100_000 }).toBe(1);
  // All that waited is on its way to the store; these come meanwhile.
  for (let target = WAITING_MAX; target < noted; target++) note(target);
  attempts[0]?.reject(new Error('the store is away'));
  await expect.poll(() => attempts.length, { timeout: 100_000 }).toBe(2);
  attempts[1]?.resolve();
  await audit.stop();
  expect(stored.map(({ target }) => Number(target))).toEqual(Array.from({ length: WAITING_MAX }, (_, at) => at + 100));
  expect(lost + stored.length).toBe(noted);
});
