// The client certificate of an agent, where the collector requires one of --agent-client-ca.
import type { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';

type Asked = Pick<FastifyRequest, 'socket'>;

/** The TLS handshake also goes on with a certificate that the CA has not signed, so the result of its check is read here. */
const isTrusted = ({ socket }: Asked) => (socket as Partial<TLSSocket>).authorized === true;

/** @throws Refusal `certificate_needed` */
export function checkCertificate(request: Asked): void {
  if (isTrusted(request)) return;
  const message = 'agents need a certificate of --agent-client-ca here: start this one with --client-cert and --client-key';
  throw new Refusal('certificate_needed', message);
}

/** When the certificate ends, in ms since the epoch; undefined where no trusted one was shown. */
export function certificateEnd(request: Asked): number | undefined {
  return isTrusted(request) ? (request.socket as TLSSocket).getPeerX509Certificate()?.validToDate.getTime() : undefined;
}
