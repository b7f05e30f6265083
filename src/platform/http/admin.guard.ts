import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { UnauthenticatedError } from '../errors/platform.errors.js';
import { AdminToken } from './admin-token.js';

/** Lets a call pass that carries the {@link AdminToken}; others are 401 UNAUTHENTICATED. */
@Injectable()
export class AdminGuard implements CanActivate {
  constructor(private readonly adminToken: AdminToken) {}

  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<FastifyRequest>();
    if (this.adminToken.isIn(headers.authorization)) return true;
    throw new UnauthenticatedError();
  }
}
