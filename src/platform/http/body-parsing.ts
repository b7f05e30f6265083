import type { FastifyInstance } from 'fastify';
import { MalformedJsonError, UnsupportedMediaTypeError } from '../errors/platform.errors.js';

/**
 * JSON is the only body we take. No body at all is fine here, whatever the content type says (`curl -d ''` says form
 * data): a call that needs one has a schema that asks for it. The length is limited by `http.bodyLimitBytes`.
 */
export function acceptOnlyJson(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();

  fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    try {
      // "__proto__" is an ordinary field for JSON.parse, and one that the strict schemas refuse.
      done(null, JSON.parse(String(body)));
    } catch {
      done(request.is404 ? null : new MalformedJsonError(), undefined);
    }
  });

  fastify.addContentTypeParser('*', (request, payload, done) => {
    const isEmpty = request.headers['content-length'] === '0' && request.headers['transfer-encoding'] === undefined;
    if (!isEmpty && !request.is404) return done(new UnsupportedMediaTypeError(), undefined);
    payload.resume();
    done(null, undefined);
  });
}
