// The certificate that an agent shows, where the collector asks for one of --agent-client-ca.
import type { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import { Refusal } from '../../errors.ts';

type Asked = Pick<FastifyRequest, 'socket'>;

/** TLS has checked it, and goes on also where it is of nobody that the collector trusts. */
const isTrusted = ({ socket }: Asked) => (socket as Partial<TLSSocket>).authorized === true;

/** @throws Refusal `certificate_needed` */
export function checkCertificate(request: Asked): void {
  if (isTrusted(request)) return;
  const message = 'agents need a certificate of --agent-client-ca here: start this one with --client-cert and --client-key';
  throw new Refusal('certificate_needed', message);
}

/** When it ends, in ms since the epoch; undefined where none is shown. */
export function certificateEnd(request: Asked): number | undefined {
  return isTrusted(request) ? (request.socket as TLSSocket).getPeerX509Certificate()?.validToDate.getTime() : undefined;
}
