import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CONFIG } from '../config/config.module.js';
import type { Config } from '../config/config.schema.js';
import { ForbiddenError } from '../errors/platform.errors.js';

/**
 * For a call that a form or a script of any page could make, since it needs no body and so no preflight: refuses what a
 * browser says comes from a page of another site (https://www.w3.org/TR/fetch-metadata/), unless its origin is listed.
 * Who is no browser says nothing of it.
 */
@Injectable()
export class SameSiteGuard implements CanActivate {
  private readonly origins: ReadonlySet<string>;

  constructor(@Inject(CONFIG) { http }: Config) {
    this.origins = new Set(http.cors.origins);
  }

  /** @throws ForbiddenError */
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<FastifyRequest>();
    if (headers['sec-fetch-site'] !== 'cross-site' || this.origins.has(headers.origin ?? '')) return true;
    throw new ForbiddenError('Pages of other sites may not make this call: their origin is none of http.cors.origins.');
  }
}
