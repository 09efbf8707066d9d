// The client of the collector that a command names by its URL.
import { CollectorClient, fileText, type Hints } from './collector-client.ts';

const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO/;

const HINTS: Hints = {
  refused: (status) =>
    status === 401 || status === 403
      ? '; --token-file names a file with a token of such a role: "tcplens admin token make" prints one'
      : '',
  failed: (code) => {
    if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return '; use a name that is in its certificate';
    if (code === 'ECONNREFUSED' || code === 'ENOTFOUND') return '; --collector is the URL that "tcplens serve" prints';
    return UNTRUSTED.test(code) ? '; --ca names the certificate of its CA, which is tls/ca.pem in its --data' : '';
  },
};

/** `tokenFile`, `ca`: paths of files. */
export type Reach = { collector: string; tokenFile: string | undefined; ca: string | undefined };

/** @throws StartError `not_ready` where a file cannot be read */
export function openClient({ collector, tokenFile, ca }: Reach): CollectorClient {
  const remedy = 'name a file that you may read';
  return new CollectorClient({
    url: collector,
    token: tokenFile === undefined ? undefined : fileText(tokenFile, 'the token', remedy),
    trust: ca === undefined ? 'system' : { ca: fileText(ca, 'the CA’s certificate', remedy) },
    hints: HINTS,
  });
}
