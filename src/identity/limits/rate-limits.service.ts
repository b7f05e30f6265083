import rateLimit from '@fastify/rate-limit';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Counter } from 'prom-client';
import { CONFIG } from '../../platform/config/config.module.js';
import { ArrivalChecks } from '../../platform/http/arrival-checks.js';
import { ManagementServer } from '../../platform/http/management-server.js';
import { LogLimit } from '../../platform/logging/log-limit.js';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { callerOf } from '../access/caller.js';
import { networkOf } from '../access/network-of.js';
import { RateLimitedError } from '../identity.errors.js';
import type { RateLimitConfig } from './rate-limit.config.js';
import { retryAfterSeconds } from './retry-after.js';

/** Of each kind; whoever was not seen for longest is forgotten first. */
const MAX_CALLERS = 100_000;
/** More than any address has; what a trusted proxy passes on may be anything. */
const MAX_KEY_LENGTH = 64;
const LINES = { lines: 1, intervalMs: 10_000 };
/** A balancer that is refused takes the instance for dead. */
const HEALTH = '/health/';

type Kind = 'address' | 'user';
type Limiter = ReturnType<FastifyInstance['createRateLimit']>;

/**
 * How often one address, and one user, may ask this instance; off by default. Counted in memory: what Redis would add to
 * the path of a reserve is more than a fair limit is worth. The management port and the health are not limited.
 */
@Injectable()
export class RateLimits implements OnModuleInit {
  private readonly logger = new Logger('RateLimit');
  private readonly refused: Counter<'kind'>;
  private readonly lines = new LogLimit(LINES, (count) =>
    this.logger.warn(`${count} more calls were refused within ${LINES.intervalMs / 1000} s`),
  );
  private limiters: Readonly<Record<Kind, Limiter>> | undefined;
  private hasWarned = false;

  constructor(
    registry: MetricsRegistry,
    arrivals: ArrivalChecks,
    private readonly management: ManagementServer,
    private readonly adapterHost: HttpAdapterHost,
    @Inject(CONFIG) private readonly config: RateLimitConfig,
  ) {
    this.refused = registry.counter(
      'firstcome_rate_limited_total',
      'Calls that were refused since their address, or their user, had asked too often.',
      'kind',
      ['address', 'user'],
    );
    if (config.rateLimit.enabled) arrivals.add((request) => this.limitAddress(request));
  }

  onModuleInit(): void {
    const { rateLimit: settings, identity } = this.config;
    if (!settings.enabled) return;
    const fastify = this.adapterHost.httpAdapter.getInstance<FastifyInstance>();
    void fastify.register(rateLimit, { global: false }).after(() => {
      this.limiters = {
        address: limiter(fastify, settings.address, addressKey),
        user: limiter(fastify, settings.user, userKey),
      };
    });
    if (identity.mode !== 'required') return;
    // Who calls is known after all that happens on request; the body is not read yet.
    fastify.addHook('preParsing', async (request) => await this.limitUser(request));
  }

  private limitAddress(request: FastifyRequest): Promise<void> | void {
    if (request.raw.url?.startsWith(HEALTH) || this.management.received(request)) return;
    this.warnOfProxy(request);
    return this.limit('address', request);
  }

  /** A service acts for many users: only a user's own token is counted. */
  private async limitUser(request: FastifyRequest): Promise<void> {
    const { access } = request.routeOptions.config;
    if (access?.kind !== 'user' || access.isLimited !== true) return;
    if (callerOf(request)?.userId !== undefined) await this.limit('user', request);
  }

  /** @throws RateLimitedError */
  private async limit(kind: Kind, request: FastifyRequest): Promise<void> {
    const found = await this.limiters?.[kind](request);
    if (found === undefined || found.isAllowed || !found.isExceeded) return;
    this.refused.inc({ kind });
    const { max, windowMs } = this.config.rateLimit[kind];
    this.lines.write(() =>
      this.logger.warn(`the ${kind} ${found.key} asked more than ${max} times within ${windowMs} ms, answering 429`),
    );
    throw new RateLimitedError(`Too many calls came from this ${kind}. Try again later.`, retryAfterSeconds(found.ttl));
  }

  private warnOfProxy({ headers, ip, raw }: FastifyRequest): void {
    if (this.hasWarned || (headers['x-forwarded-for'] ?? headers['forwarded']) === undefined) return;
    if (ip !== raw.socket.remoteAddress) return;
    this.hasWarned = true;
    this.logger.warn(
      `a call came through a proxy at ${ip} that http.trustProxy (HTTP_TRUST_PROXY) does not name, or that sends no ` +
        'X-Forwarded-For: all who come through it are limited as one address',
    );
  }
}

function limiter(
  fastify: FastifyInstance,
  { max, windowMs }: RateLimitConfig['rateLimit'][Kind],
  keyGenerator: (request: FastifyRequest) => string,
): Limiter {
  const options = { max, timeWindow: windowMs, keyGenerator, cache: MAX_CALLERS };
  return fastify.createRateLimit(options);
}

function addressKey(request: FastifyRequest): string {
  return networkOf(request.ip).slice(0, MAX_KEY_LENGTH);
}

function userKey(request: FastifyRequest): string {
  return String(callerOf(request)?.userId);
}
