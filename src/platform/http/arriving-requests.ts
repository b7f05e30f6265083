import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify';
import { BadRequestError, MethodNotAllowedError, RouteNotFoundError } from '../errors/platform.errors.js';
import { pathOf } from '../errors/to-domain-error.js';
import { KnownRoutes } from './known-routes.js';
import type { ManagementServer } from './management-server.js';

/**
 * Refuses what no route serves, before anything else is asked; knows the routes that are added to `fastify` from now on.
 * What `management` hides is not there for callers of the public port.
 */
export function refuseAtArrival(fastify: FastifyInstance, management: ManagementServer): void {
  const routes = new KnownRoutes(fastify);
  const publicRoutes = new KnownRoutes(fastify, (url) => !management.hides(url));
  const refusalOfUnknown = (request: FastifyRequest): Error => {
    const { method, url } = request;
    const path = pathOf(url);
    const isPublic = management.isUsed && !management.received(request);
    const allowed = (isPublic ? publicRoutes : routes).methodsOf(path);
    if (allowed.length > 0) return new MethodNotAllowedError(method, path, allowed);
    return new RouteNotFoundError(method, path, { hasDocs: !isPublic });
  };

  fastify.addHook('onRequest', (request, _reply, done) => {
    if (!hasOneHost(request)) return done(new BadRequestError('must have exactly one header "Host"'));
    done(request.is404 || isNoPreflight(request) ? refusalOfUnknown(request) : undefined);
  });
  fastify.addHook('onRoute', (route) => {
    if (!management.hides(route.url)) return;
    const hide: onRequestHookHandler = (request, _reply, done) =>
      done(management.received(request) ? undefined : refusalOfUnknown(request));
    route.onRequest = [hide, route.onRequest ?? []].flat();
  });
}

/** No call of ours has this method; preflights, of which it is, are answered before. */
function isNoPreflight({ method }: FastifyRequest): boolean {
  return method === 'OPTIONS';
}

/** Two are joined by a comma, see server-options.ts; HTTP/1.0 needs none. */
function hasOneHost({ raw: { headers, httpVersion } }: FastifyRequest): boolean {
  return headers.host === undefined ? httpVersion === '1.0' : !headers.host.includes(',');
}
