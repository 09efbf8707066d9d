import type { IncomingMessage } from 'node:http';

/**
 * The whole body of a request; undefined where the client broke it off, as one does that is ended or has waited long enough. A rejection of a
 * server's listener would be an error outside of any test.
 */
export function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  return request.toArray().then(
    (chunks) => Buffer.concat(chunks),
    () => undefined,
  );
}
