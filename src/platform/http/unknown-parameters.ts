import { createParamDecorator, type ExecutionContext, RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA, ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { refusalOf } from './validation.pipe.js';

/** Below these a call is for programs; who probes the health, or opens a page, may add what it likes. */
const STRICT = /^\/(?:api|coupons)(?:\/|$)/;
/** Of the declared arguments, `<kind>:<index>`: that the handler takes the query. RouteParamtypes.QUERY of Nest. */
const QUERY = /^4:/;

const NO_PARAMETERS = z.strictObject({});

type Handler = (...args: never[]) => unknown;

/** An argument that is looked at after the guards, as a query with a schema is, and is nothing itself. */
const NoQuery = createParamDecorator((_data: unknown, context: ExecutionContext): undefined => {
  const { raw, query } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!raw.url?.includes('?')) return;
  const { error } = NO_PARAMETERS.safeParse(query);
  if (error !== undefined) throw refusalOf(error.issues, { type: 'query' });
});

/** Those that have it, of all applications of this process: the arguments of a handler are its class's. */
const strict = new WeakSet<Handler>();

/**
 * Makes every call of the API that takes no query refuse one, as 400 VALIDATION_FAILED: a parameter that is misspelt
 * would otherwise do nothing. Of a call that takes one its strict schema says which parameters there are.
 */
export function refuseUnknownParameters(app: NestFastifyApplication): void {
  const scanner = new MetadataScanner();
  for (const module of app.get(ModulesContainer).values()) {
    for (const { metatype } of module.controllers.values()) {
      if (typeof metatype !== 'function') continue;
      const prototype = metatype.prototype as Record<string, Handler>;
      for (const name of scanner.getAllMethodNames(prototype)) takeNoQuery(metatype, prototype, name);
    }
  }
}

function takeNoQuery(controller: object, prototype: Record<string, Handler>, name: string): void {
  const handler = prototype[name];
  if (handler === undefined || strict.has(handler) || !isStrict(controller, handler)) return;
  const declared: Record<string, { readonly index: number }> =
    Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {};
  if (Object.keys(declared).some((key) => QUERY.test(key))) return;
  strict.add(handler);
  const indexes = Object.values(declared).map(({ index }) => index);
  NoQuery()(prototype, name, Math.max(-1, ...indexes) + 1);
}

function isStrict(controller: object, handler: Handler): boolean {
  const method: RequestMethod | undefined = Reflect.getMetadata(METHOD_METADATA, handler);
  if (method === undefined) return false;
  const [prefixes, paths] = [controller, handler].map((part): string[] =>
    [Reflect.getMetadata(PATH_METADATA, part)].flat(),
  );
  return (prefixes ?? []).some((prefix) =>
    (paths ?? []).some((path) => STRICT.test(`/${prefix}/${path}`.replaceAll(/\/+/g, '/'))),
  );
}
