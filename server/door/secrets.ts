// Secrets of 256 random bits, and how they are compared: they are stored as SHA-256, and who guesses learns nothing from the time it takes.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const SECRET_BYTES = 32;

/** 64 hex digits. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('hex');
}

/** 16 hex digits. */
export function newId(): string {
  return randomBytes(8).toString('hex');
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Whether `text` is the one with this digest, in hex. */
export function isOfDigest(text: string, digest: string): boolean {
  return isSame(sha256(text), digest);
}

/** In a time that says nothing of where they differ. */
export function isSame(shown: string, right: string): boolean {
  const digest = (one: string) => createHash('sha256').update(one).digest();
  return timingSafeEqual(digest(shown), digest(right));
}

/** What follows "Bearer " in the header; undefined where it is not such a header. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer ([\x21-\x7e]{1,512})$/.exec(authorization ?? '')?.[1];
}
