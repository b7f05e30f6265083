import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Config } from '../config/config.schema.js';

/** For what is no page: a browser that is made to show it as one runs and loads nothing. */
const NO_PAGE = "default-src 'none'; frame-ancestors 'none'";
/** Swagger UI has its style in the page itself and pictures in its style sheet; its scripts are files. */
const DOCS_PAGE =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const DOCS = /^\/docs(?:$|\/)/;

/**
 * What tells a browser how little it may do with an answer: set once for each request, at its arrival, so that whoever
 * answers it cannot forget it. A page of its own, like the live page, sets a policy of its own afterwards.
 */
export class SecurityHeaders {
  readonly ofAll: Readonly<Record<string, string>>;

  constructor({ http: { hstsMaxAgeSeconds } }: Pick<Config, 'http'>) {
    this.ofAll = Object.freeze({
      'content-security-policy': NO_PAGE,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      ...(hstsMaxAgeSeconds > 0 && { 'strict-transport-security': `max-age=${hstsMaxAgeSeconds}` }),
    });
  }

  set(reply: FastifyReply): void {
    reply.headers(this.ofAll);
  }

  /** Lets the page do its work that is among the routes which are added to `fastify` from now on. */
  allowDocs(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', (route) => {
      if (!DOCS.test(route.url)) return;
      route.onRequest = [route.onRequest ?? [], allowDocs].flat();
    });
  }
}

function allowDocs(_request: unknown, reply: FastifyReply, done: () => void): void {
  reply.header('content-security-policy', DOCS_PAGE);
  done();
}
