import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createHash, timingSafeEqual } from 'node:crypto';
import { CONFIG } from '../config/config.module.js';
import type { Config } from '../config/config.schema.js';
import { UnauthenticatedError } from '../errors/platform.errors.js';

const BEARER = /^bearer +(\S+) *$/i;

/** Lets a call pass that carries `Authorization: Bearer <admin.token>`; others are 401 UNAUTHENTICATED. */
@Injectable()
export class AdminGuard implements CanActivate {
  private readonly expected: Buffer;

  constructor(@Inject(CONFIG) config: Config) {
    this.expected = sha256(config.admin.token);
  }

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const given = BEARER.exec(http.getRequest<FastifyRequest>().headers.authorization ?? '')?.[1];
    // Digests have one length, so the comparison takes the same time whatever was sent.
    if (given !== undefined && timingSafeEqual(sha256(given), this.expected)) return true;
    http.getResponse<FastifyReply>().header('www-authenticate', 'Bearer');
    throw new UnauthenticatedError();
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
