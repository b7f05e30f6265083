import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BadRequestError, MethodNotAllowedError, RouteNotFoundError } from '../errors/platform.errors.js';
import { pathOf } from '../errors/to-domain-error.js';
import { KnownRoutes } from './known-routes.js';

/** Refuses what no route serves, before anything else is asked; knows the routes that are added to `fastify` from now on. */
export function refuseAtArrival(fastify: FastifyInstance): void {
  const routes = new KnownRoutes(fastify);
  fastify.addHook('onRequest', (request, _reply, done) => done(refusalOf(request, routes)));
}

function refusalOf(request: FastifyRequest, routes: KnownRoutes): Error | undefined {
  if (!hasOneHost(request)) return new BadRequestError('must have exactly one header "Host"');
  return request.is404 || isNoPreflight(request) ? refusalOfUnknown(request, routes) : undefined;
}

/** No call of ours has this method; preflights, of which it is, are answered before. */
function isNoPreflight({ method }: FastifyRequest): boolean {
  return method === 'OPTIONS';
}

/** Two are joined by a comma, see server-options.ts; HTTP/1.0 needs none. */
function hasOneHost({ raw: { headers, httpVersion } }: FastifyRequest): boolean {
  return headers.host === undefined ? httpVersion === '1.0' : !headers.host.includes(',');
}

function refusalOfUnknown({ method, url }: FastifyRequest, routes: KnownRoutes): Error {
  const path = pathOf(url);
  const allowed = routes.methodsOf(path);
  return allowed.length === 0 ? new RouteNotFoundError(method, path) : new MethodNotAllowedError(method, path, allowed);
}
