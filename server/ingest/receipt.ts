// The digest of a request's body as it arrived. Each answer about that body has it, so that an agent can tell it from what a proxy, a
// login page or a cache says in this collector's place.
import { digestOf } from '../../agent/batch-envelope.ts';
import type { App } from '../http.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** of the body, in hex; undefined until it has been read */
    body_digest: string | undefined;
  }
}

/** JSON bodies get their digest from now on; who registers another parser sees to its own. */
export function registerReceipts(app: App): void {
  app.decorateRequest('body_digest', undefined);
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    request.body_digest = digestOf(body);
    void parseJson(request, body.toString(), done);
  });
}
