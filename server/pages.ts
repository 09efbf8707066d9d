// The dashboards' files, as Vite built them, and what a browser is told about them.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import helmet from '@fastify/helmet';
import fastifyStatic from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isPagePath } from './door/paths.ts';
import { Refusal } from './errors.ts';
import type { App } from './http.ts';

const MISSING = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>tcplens</title>
<h1>The dashboards are not built</h1>
<p>The collector runs. Run <code>make dashboards</code> and start it again to see them here.
<p>Its API is described at <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>.
`;

/** No inline scripts or styles, and nothing from other sites. Plain HTTP is not upgraded: on a loopback address there is no certificate. */
export async function registerHelmet(app: App): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        fontSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        manifestSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: false,
  });
}

/** @param directory of `index.html` and `assets/`; if they are missing, a plain page is served instead */
export async function registerPages(app: App, directory: string): Promise<void> {
  const built = existsSync(join(directory, 'index.html'));
  if (built) {
    await app.register(fastifyStatic, {
      root: directory,
      cacheControl: false,
      preCompressed: true,
      setHeaders: (reply, path) => reply.header('cache-control', cacheControl(path)),
    });
  } else {
    app.get('/', { schema: { hide: true } }, (_request, reply) =>
      reply.header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(MISSING),
    );
  }
  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    // All paths of the page get the same file; the page itself reads the path.
    if (built && isPage(request)) return reply.sendFile('index.html');
    throw new Refusal('not_found', `there is no ${request.method} ${request.url.split('?', 1)[0]}`);
  });
}

function isPage({ method, url, headers }: FastifyRequest): boolean {
  return method === 'GET' && isPagePath(url) && (headers.accept ?? '').includes('text/html');
}

/** Vite puts a hash of the content into the names of assets, so an asset never changes and may be cached for ever. */
function cacheControl(path: string): string {
  return /[\\/]assets[\\/]/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache';
}
