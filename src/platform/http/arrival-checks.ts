import { Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Throws, or rejects with, what a request is refused by. */
type Check = (request: FastifyRequest) => Promise<void> | void;

/**
 * What modules that the platform does not know look at before anything else is done about a request: before its route, its
 * caller and its body. Added when they are made, since nothing may come between these and the arrival.
 */
@Injectable()
export class ArrivalChecks {
  private readonly checks: Check[] = [];

  add(check: Check): void {
    this.checks.push(check);
  }

  /** Without a check there is nothing that a request would pay for. */
  apply(fastify: FastifyInstance): void {
    for (const check of this.checks) fastify.addHook('onRequest', async (request) => await check(request));
  }
}
