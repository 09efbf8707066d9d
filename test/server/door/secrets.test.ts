// Whether a secret is right is said by timingSafeEqual alone, and it sees two SHA-256 digests: what somebody guesses tells nothing by how
// much of it is right. test/bench/door-timing.ts prints how long answers take.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { afterEach, expect, test, vi } from 'vitest';
import { authorizationOf } from '../../../agent/contract/credential.ts';
import { agentWay } from '../../../server/access/agent-way.ts';
import type { Agents } from '../../../server/access/agents.ts';
import { Enrolments } from '../../../server/access/enrolments.ts';
import type { LastHeard } from '../../../server/access/last-heard.ts';
import type { RecordBook } from '../../../server/access/record-book.ts';
import { Tokens } from '../../../server/access/tokens.ts';
import { Owner } from '../../../server/door/owner.ts';

vi.mock('node:crypto', async (original) => {
  const real = await original<typeof import('node:crypto')>();
  return { ...real, timingSafeEqual: vi.fn(real.timingSafeEqual) };
});
const compared = vi.mocked(timingSafeEqual);
afterEach(() => compared.mockReset().mockImplementation((a, b) => Buffer.compare(a as Buffer, b as Buffer) === 0));

const RIGHT = '0123456789abcdef'.repeat(4);
const ID = 'a'.repeat(16);
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const book = (record: object) => ({ get: () => record }) as unknown as RecordBook;
const bearer = (secret: string, headers = {}) =>
  ({ headers: { authorization: `Bearer ${secret}`, ...headers }, routeOptions: { url: '/v1/rows' } }) as unknown as FastifyRequest;
const later_ms = Date.now() + 3600_000;

/** Whether whoever shows this is let in. */
const WAYS: Record<string, (shown: string) => Promise<boolean> | boolean> = {
  'the owner’s token': (shown) => new Owner(RIGHT).identify(bearer(shown)) !== undefined,
  'a token': (shown) =>
    new Tokens(book({ name: 't', role: 'viewer', secret_sha256: sha256(RIGHT), ends_ms: later_ms })).identify(
      bearer(`tcplens-token.${ID}.${shown}`),
    ) !== undefined,
  'an agent’s credential': async (shown) => {
    const record = { name: 'web', place: 'here', secret_sha256: sha256(RIGHT), next_sha256: sha256('another') };
    const way = agentWay(
      book(record),
      { rotated: async () => undefined } as unknown as Agents,
      { note: () => undefined } as unknown as LastHeard,
    );
    const request = bearer(shown, { authorization: authorizationOf(ID, shown), 'tcplens-place': 'here' });
    return (await way(request)) !== undefined;
  },
  'a line': (shown) => {
    try {
      return new Enrolments(book({ secret_sha256: sha256(RIGHT), ends_ms: later_ms })).shown(`${ID}.${shown}`, Date.now()) !== undefined;
    } catch {
      return false;
    }
  },
};
const SHOWN = { right: RIGHT, 'right but for its end': `${RIGHT.slice(0, -1)}0`, 'wrong from its beginning': `f${RIGHT.slice(1)}` };

test.each(Object.entries(WAYS))('%s is compared as digests of one length', async (_, letIn) => {
  for (const [what, shown] of Object.entries(SHOWN)) {
    compared.mockClear();
    expect({ what, letIn: await letIn(shown) }).toEqual({ what, letIn: shown === RIGHT });
    expect(compared).toHaveBeenCalled();
    for (const [a, b] of compared.mock.calls) {
      expect([a.byteLength, b.byteLength]).toEqual([32, 32]);
      for (const bytes of [a, b]) expect(Buffer.from(bytes as Buffer).toString('latin1')).not.toContain(RIGHT.slice(0, 8));
    }
  }
});

test.each(Object.entries(WAYS))('%s: nothing else decides', async (_, letIn) => {
  compared.mockReturnValue(true);
  for (const shown of Object.values(SHOWN)) expect(await letIn(shown)).toBe(true);
  compared.mockReturnValue(false);
  for (const shown of Object.values(SHOWN)) expect(await letIn(shown)).toBe(false);
});
