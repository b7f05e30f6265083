import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiBody, ApiConsumes } from '@nestjs/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { ClientClosedRequestError, RequestTimeoutError, UnsupportedMediaTypeError } from '../errors/platform.errors.js';
import { isInUtf8, refuseAnyBody } from '../http/body-parsing.js';
import { addToRouteConfig } from '../http/route-config.js';
import { mayArriveSlowly } from '../http/slow-bodies.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    takesImport?: boolean;
  }
}

const FORMATS = { 'application/x-ndjson': 'ndjson', 'text/csv': 'csv' } as const;
export type ImportFormat = (typeof FORMATS)[keyof typeof FORMATS];

/** Of {@link RequestTimeoutError}. */
const LATE = 408;

const HOW_TO_SEND =
  'Send the lines in UTF-8 with the header "Content-Type: application/x-ndjson", or as "text/csv", not compressed.';

/** The body of an import, which is still on its way. */
export interface ImportSource {
  readonly format: ImportFormat;
  readonly body: Readable;
  /** For whoever reads no more of it. */
  readonly release: () => void;
}

/** A route whose body is lines, of any length, which the {@link ImportBody} hands over as they arrive. */
export const TakesImport = (example: string) =>
  applyDecorators(
    addToRouteConfig({ takesImport: true }),
    ApiConsumes(...Object.keys(FORMATS)),
    ApiBody({ schema: { type: 'string', example }, description: 'One line each, with a head in CSV' }),
  );

/** The {@link ImportSource} of the call. @throws UnsupportedMediaTypeError for any other body, and for none */
export const ImportBody = createParamDecorator((_: unknown, context: ExecutionContext): ImportSource => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const { body } = request;
  const format = formatOf(request);
  if (format === undefined || !(body instanceof IncomingMessage)) throw new UnsupportedMediaTypeError(HOW_TO_SEND);
  return { format, body, release: endWithAnswer(body, context.switchToHttp().getResponse<FastifyReply>()) };
});

/**
 * Where somebody else answers a request that is still arriving, since it is late or the client has hung up, Node lets go
 * of it without a word, and whoever reads it would wait for ever.
 */
function endWithAnswer(body: IncomingMessage, reply: FastifyReply): () => void {
  const end = (): void => {
    body.destroy(reply.statusCode === LATE ? new RequestTimeoutError() : new ClientClosedRequestError());
  };
  reply.raw.once('close', end);
  return () => {
    reply.raw.off('close', end);
    // Of what nobody wants any more; else the client would wait for us to read on.
    body.resume();
  };
}

/** Takes the formats of imports, at their routes; elsewhere they are refused as any other type. */
export function acceptImports(fastify: FastifyInstance): void {
  fastify.addContentTypeParser(Object.keys(FORMATS), (request, payload, done) => {
    if (request.routeOptions.config.takesImport !== true) return refuseAnyBody(request, payload, done);
    if (!isInUtf8(request) || isEncoded(request)) return done(new UnsupportedMediaTypeError(HOW_TO_SEND), undefined);
    mayArriveSlowly(payload);
    done(null, payload);
  });
  fastify.removeContentTypeParser('*');
  fastify.addContentTypeParser('*', (request, payload, done) => {
    const howToSend = request.routeOptions.config.takesImport === true ? HOW_TO_SEND : undefined;
    refuseAnyBody(request, payload, done, howToSend);
  });
}

function formatOf({ headers }: FastifyRequest): ImportFormat | undefined {
  const [type = ''] = (headers['content-type'] ?? '').split(';');
  return (FORMATS as Readonly<Partial<Record<string, ImportFormat>>>)[type.trim().toLowerCase()];
}

function isEncoded({ headers }: FastifyRequest): boolean {
  return (headers['content-encoding'] ?? 'identity') !== 'identity';
}
