// Makes a CA, and certificates that it signs.
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** The library's own type of keys: where the DOM's types are loaded, it is not Node's. */
type Keys = NonNullable<Extract<Parameters<typeof X509CertificateGenerator.createSelfSigned>[0], { keys: unknown }>['keys']>;

cryptoProvider.set(webcrypto as unknown as Parameters<typeof cryptoProvider.set>[1]);

/** Both PEM. */
export type KeyPair = { certificate: string; key: string };

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 24 * 3600 * 1000;
const AUTHORITY_DAYS = 3650;
/** Certificates are valid from a day before they are made, since agents' clocks may be behind. */
const BEFORE_MS = DAY_MS;

/** A CA that may sign certificates of servers only, not other CAs. */
export async function makeAuthority(name: string, now_ms: number): Promise<KeyPair> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=tcplens CA of ${asCommonName(name)}`,
    notBefore: new Date(now_ms - BEFORE_MS),
    notAfter: new Date(now_ms + AUTHORITY_DAYS * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: certificate.toString('pem'), key: await pemOf(keys.privateKey) };
}

/** A server's certificate for these names and addresses. */
export async function signServer(authority: KeyPair, names: readonly string[], days: number, now_ms: number): Promise<KeyPair> {
  const issuer = new X509Certificate(authority.certificate);
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: `CN=${asCommonName(names[0] ?? 'tcplens')}`,
    issuer: issuer.subject,
    notBefore: new Date(now_ms - BEFORE_MS),
    notAfter: new Date(Math.min(now_ms + days * DAY_MS, issuer.notAfter.getTime())),
    signingKey: (await webcrypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(authority.key), ALGORITHM, false, [
      'sign',
    ])) as unknown as Keys['privateKey'],
    publicKey: keys.publicKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value }))),
      await AuthorityKeyIdentifierExtension.create(issuer),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: certificate.toString('pem'), key: await pemOf(keys.privateKey) };
}

function newKeys(): Promise<Keys> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as unknown as Promise<Keys>;
}

async function pemOf(key: Keys['privateKey']): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key as webcrypto.CryptoKey), 'PRIVATE KEY');
}

/** 16 random bytes in hex. The first bit is clear, as a serial number must be positive. */
function serial(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x7f) | 0x01);
  return bytes.toString('hex');
}

/** Cut to the 64 characters of a common name, without the characters that have a meaning in its syntax. */
function asCommonName(name: string): string {
  return name.replace(/[^A-Za-z0-9.:_-]/g, '-').slice(0, 40) || 'tcplens';
}
