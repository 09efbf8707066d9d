// The certificate that the collector serves.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import { digestOf } from '../../../agent/contract/secret.ts';
import { reasonOf } from '../../../agent/process/errors.ts';
import { StartError } from '../../errors.ts';

/**
 * All PEM. `cert` with its chain. `authority`: the only CA that agents are to trust for this collector; undefined: they trust the CAs of
 * their system.
 */
export type Served = { key: string; cert: string; authority: string | undefined; ends_ms: number };

export type Given = { tlsCert: string; tlsKey: string; tlsCa?: string | undefined };

/** @throws StartError `certificate_unusable` */
export function givenCertificate({ tlsCert, tlsKey, tlsCa }: Given): Served {
  try {
    const [cert, key] = [readFileSync(tlsCert, 'utf8'), readFileSync(tlsKey, 'utf8')];
    createSecureContext({ cert, key });
    const authority = tlsCa === undefined ? undefined : readFileSync(tlsCa, 'utf8');
    if (authority !== undefined) new X509Certificate(authority);
    return { cert, key, authority, ends_ms: new X509Certificate(cert).validToDate.getTime() };
  } catch (cause) {
    const message = `${tlsCert} and ${tlsKey} cannot be used: ${reasonOf(cause)}. They are a certificate and its private key, in PEM.`;
    throw new StartError('certificate_unusable', message, { cause });
  }
}

/** Whether a certificate is for this name or address. */
export function isFor(certificate: X509Certificate, name: string): boolean {
  return (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined;
}

/** SHA-256 of a certificate, 64 hex digits: what `openssl x509 -fingerprint -sha256` prints, without colons. */
export function fingerprintOf(pem: string): string {
  return digestOf(new X509Certificate(pem).raw);
}
