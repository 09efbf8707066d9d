// A client's certificate from a CA of the test. It is made with openssl, so that it does not depend on the project's own code.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyPair } from '../../../server/door/tls/certificates.ts';

export async function signClient(authority: KeyPair, name: string, days = 5): Promise<KeyPair> {
  const directory = mkdtempSync(join(tmpdir(), 'tcplens-client-'));
  const at = (file: string) => join(directory, file);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  try {
    writeFileSync(at('ca.pem'), authority.certificate);
    writeFileSync(at('ca.key'), authority.key);
    writeFileSync(at('ext'), 'extendedKeyUsage=clientAuth\n');
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', at('key'));
    openssl('req', '-new', '-key', at('key'), '-subj', `/CN=${name}`, '-out', at('csr'));
    openssl(
      'x509',
      '-req',
      '-in',
      at('csr'),
      '-CA',
      at('ca.pem'),
      '-CAkey',
      at('ca.key'),
      '-set_serial',
      '7',
      '-days',
      String(days),
      '-extfile',
      at('ext'),
      '-out',
      at('cert'),
    );
    return { certificate: readFileSync(at('cert'), 'utf8'), key: readFileSync(at('key'), 'utf8') };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
