import type { FastifyInstance } from 'fastify';
import { addToRouteConfig } from './route-config.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    bodyLimitBytes?: number;
  }
}

/** A route that takes bodies up to this length, also where `http.bodyLimitBytes` is less. */
export const TakesBodiesUpTo = (bodyLimitBytes: number) => addToRouteConfig({ bodyLimitBytes });

/** To be called before there are routes. */
export function allowLongerBodies(fastify: FastifyInstance, bodyLimitBytes: number): void {
  fastify.addHook('onRoute', (route) => {
    const limit = route.config?.bodyLimitBytes;
    if (limit !== undefined) route.bodyLimit = Math.max(limit, bodyLimitBytes);
  });
}
