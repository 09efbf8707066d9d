// The collector's own CA and certificate, in its data directory: made where they are missing, and renewed before they end.
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { type Disk, REAL_DISK } from '../../../agent/durable/disk.ts';
import { readIfThere, replaceWhole } from '../../../agent/durable/whole-file.ts';
import { isFor, type Served } from './served.ts';

export const TLS_DIRECTORY = 'tls';
const DAY_MS = 24 * 3600 * 1000;
/** Browsers refuse certificates that are valid for much longer than a year. */
const CERTIFICATE_DAYS = 90;
const RENEWED_BEFORE_MS = 30 * DAY_MS;
/** A CA is replaced so long before it ends. Agents learn of the new one at their next hello, which is sooner than that for each agent. */
const AUTHORITY_BEFORE_MS = 365 * DAY_MS;

export type OwnOptions = { directory: string; names: readonly string[]; disk?: Disk };

/** The certificate to serve. A new one is made if the old one ends soon, or if names or addresses of the machine have changed. */
export async function ownCertificate({ directory, names, disk = REAL_DISK }: OwnOptions, now_ms: number): Promise<Served> {
  const folder = join(directory, TLS_DIRECTORY);
  await disk.makeDirectory(folder);
  const [first = 'tcplens'] = names;
  const authority = await kept(disk, join(folder, 'ca'), async (pair) =>
    pair && isGood(pair.certificate, now_ms + AUTHORITY_BEFORE_MS) ? pair : (await x509()).makeAuthority(first, now_ms),
  );
  const own = await kept(disk, join(folder, 'server'), async (pair) => {
    const isKept = pair && isGood(pair.certificate, now_ms + RENEWED_BEFORE_MS) && suits(pair.certificate, authority.certificate, names);
    return isKept ? pair : (await x509()).signServer(authority, names, CERTIFICATE_DAYS, now_ms);
  });
  return {
    key: own.key,
    // Agents check the fingerprint of the CA, so the CA's certificate is sent too.
    cert: `${own.certificate.trim()}\n${authority.certificate.trim()}\n`,
    authority: authority.certificate,
    ends_ms: new X509Certificate(own.certificate).validToDate.getTime(),
  };
}

type KeyPair = { certificate: string; key: string };

/**
 * The pair in this file; `renew` may replace it. Key and certificate share one file, so that a crash cannot leave two that do not match.
 */
async function kept(disk: Disk, path: string, renew: (pair: KeyPair | undefined) => Promise<KeyPair>): Promise<KeyPair> {
  const file = `${path}.pem`;
  const before = pairIn((await readIfThere(disk, file))?.toString() ?? '');
  const pair = await renew(before);
  if (pair !== before) await replaceWhole(disk, file, [Buffer.from(`${pair.key.trim()}\n${pair.certificate.trim()}\n`)]);
  return pair;
}

function pairIn(text: string): KeyPair | undefined {
  const [key] = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/.exec(text) ?? [];
  const [certificate] = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(text) ?? [];
  return key !== undefined && certificate !== undefined ? { key, certificate } : undefined;
}

function isGood(pem: string, until_ms: number): boolean {
  try {
    return new X509Certificate(pem).validToDate.getTime() > until_ms;
  } catch {
    return false;
  }
}

function suits(pem: string, authority: string, names: readonly string[]): boolean {
  const certificate = new X509Certificate(pem);
  if (!certificate.verify(new X509Certificate(authority).publicKey)) return false;
  return names.every((name) => isFor(certificate, name));
}

/** Loaded only when needed: the library takes time and memory, and most starts make no certificate. */
const x509 = () => import('./certificates.ts');
