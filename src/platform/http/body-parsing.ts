import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { MalformedJsonError, UnsupportedMediaTypeError } from '../errors/platform.errors.js';

const CHARSET = /;\s*charset\s*=\s*"?([^\s";]*)/i;
const UTF_8 = /^utf-?8$/i;
/** The only way for half a surrogate pair into a text that is UTF-8. */
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;
/** With the flag u it matches those only that are not one of a pair. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * JSON in UTF-8 is the only body we take. No body at all is fine here, whatever the content type says (`curl -d ''` says
 * form data): a call that needs one has a schema that asks for it. The length is limited by `http.bodyLimitBytes`.
 */
export function acceptOnlyJson(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();

  fastify.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (!isInUtf8(request)) return done(new UnsupportedMediaTypeError(), undefined);
    if (body.length === 0) return done(null, undefined);
    let parsed: unknown;
    try {
      parsed = parse(body);
    } catch (error) {
      return done(error as MalformedJsonError, undefined);
    }
    done(null, parsed);
  });

  fastify.addContentTypeParser('*', (request, payload, done) => refuseAnyBody(request, payload, done));
}

/** A parser of bodies that takes none. A proxy may say nothing of the length, so what was read decides if there is one. */
export function refuseAnyBody(
  _request: FastifyRequest,
  payload: IncomingMessage,
  done: (error: Error | null, body: undefined) => void,
  howToSend?: string,
): void {
  const refuse = () => settle(new UnsupportedMediaTypeError(howToSend));
  const end = () => settle(null);
  const settle = (error: Error | null): void => {
    payload.off('data', refuse).off('end', end).off('error', settle).resume();
    done(error, undefined);
  };
  payload.on('data', refuse).on('end', end).on('error', settle);
}

export function isInUtf8({ headers }: FastifyRequest): boolean {
  const charset = CHARSET.exec(headers['content-type'] ?? '')?.[1];
  return charset === undefined || UTF_8.test(charset);
}

/** @throws MalformedJsonError */
function parse(body: Buffer): unknown {
  // What is not UTF-8 would be read as U+FFFD, so that different texts become the same one.
  if (!isUtf8(body)) throw new MalformedJsonError('is not UTF-8');
  return parseJson(body.toString());
}

/** @throws MalformedJsonError */
export function parseJson(text: string): unknown {
  try {
    // "__proto__" is an ordinary field for JSON.parse, and one that the strict schemas refuse.
    return SURROGATE_ESCAPE.test(text) ? JSON.parse(text, refuseLoneSurrogates) : JSON.parse(text);
  } catch (error) {
    throw error instanceof MalformedJsonError ? error : new MalformedJsonError();
  }
}

function refuseLoneSurrogates(key: string, value: unknown): unknown {
  if (LONE_SURROGATE.test(key) || (typeof value === 'string' && LONE_SURROGATE.test(value))) {
    throw new MalformedJsonError('has one half of a surrogate pair, which is no character');
  }
  return value;
}
