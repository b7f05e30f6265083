import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyContextConfig } from 'fastify';

/** Adds to the `config` of a route, where Nest's own decorator would put one in the place of another. */
export function addToRouteConfig(added: FastifyContextConfig): MethodDecorator {
  return (target, name, descriptor: PropertyDescriptor) => {
    const { KEY } = RouteConfig(added);
    const before: FastifyContextConfig = Reflect.getMetadata(KEY, descriptor.value as object) ?? {};
    RouteConfig({ ...before, ...added })(target, name, descriptor);
  };
}
