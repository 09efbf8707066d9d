// Hashes of passwords, against one that another implementation of argon2 has made.
import { expect, test } from 'vitest';
import { hashPassword, isPassword } from '../../../server/access/passwords.ts';

/** From the tests of the reference implementation, github.com/P-H-C/phc-winner-argon2, src/test.c: argon2id, version 0x13. */
const REFERENCE = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';

test('a hash that another implementation has made is understood', async () => {
  expect(await isPassword('password', REFERENCE)).toBe(true);
  expect(await isPassword('Password', REFERENCE)).toBe(false);
});

test('a hash is of its password only, in PHC form, and never twice the same', async () => {
  const phc = await hashPassword('correct horse');
  expect(phc).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(await isPassword('correct horse', phc)).toBe(true);
  expect(await isPassword('correct horse ', phc)).toBe(false);
  expect(await isPassword('', phc)).toBe(false);
  expect(await hashPassword('correct horse')).not.toBe(phc);
});

test('the same characters are the same password, however they are composed', async () => {
  expect(await isPassword('zoe\u0308', await hashPassword('zo\u00eb'))).toBe(true);
});

test.each(['', '*', '$2b$10$abcdefghijklmnopqrstuv', '$argon2id$v=19$m=19456,t=2,p=1$$'])('%j is the hash of no password', async (phc) => {
  for (const password of ['', phc, 'password']) expect(await isPassword(password, phc)).toBe(false);
});
