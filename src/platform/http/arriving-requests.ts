import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BadRequestError, MethodNotAllowedError, RouteNotFoundError } from '../errors/platform.errors.js';
import { pathOf } from '../errors/to-domain-error.js';
import { KnownRoutes } from './known-routes.js';
import type { UnansweredRequests } from './unanswered-requests.js';

/** What happens to each request before its route is asked: it is refused, or it waits for its turn. */
export function watchArrivals(fastify: FastifyInstance, unanswered: UnansweredRequests): void {
  const routes = new KnownRoutes(fastify);
  fastify.addHook('onRequest', (request, reply, done) => {
    unanswered.enter(request, reply, () => done(refusalOf(request, routes)));
  });
}

function refusalOf(request: FastifyRequest, routes: KnownRoutes): Error | undefined {
  if (!hasOneHost(request)) return new BadRequestError('must have exactly one header "Host"');
  return request.is404 ? refusalOfUnknown(request, routes) : undefined;
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
