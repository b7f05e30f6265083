import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { entryTicketOf } from '../coupon/index.js';
import { actorOf, ADMIN_ONLY, callerOf, PUBLIC } from '../identity/index.js';
import { CONFIG } from '../platform/config/config.module.js';
import { RouteNotFoundError } from '../platform/errors/platform.errors.js';
import { pathOf } from '../platform/errors/to-domain-error.js';
import { CampaignService } from './campaign.service.js';
import { CouponService } from './generated/coupon/v1/coupon_pb.js';
import { LibraryCalls } from './library-calls.js';
import { answerPlainly, plainFormat } from './plain-calls.js';
import { type RpcCall, rpcCall } from './rpc-call.js';
import { isOpen, type RpcConfig } from './rpc.config.js';
import { RpcErrors } from './rpc-errors.js';

const PATH = `/${CouponService.typeName}`;

/**
 * Serves `coupon.v1.CouponService` beside the REST API, by Connect and gRPC-Web over HTTP/1.1. The routes are Fastify's
 * own, so that the hooks of all requests are theirs, too: their ids, their metrics, their limits, their end at shutdown.
 */
@Injectable()
export class RpcRoutes implements OnModuleInit {
  constructor(
    private readonly adapterHost: HttpAdapterHost,
    private readonly campaigns: CampaignService,
    private readonly errors: RpcErrors,
    @Inject(CONFIG) private readonly config: RpcConfig,
  ) {}

  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter.getInstance<FastifyInstance>();
    // A scope of its own: here a body is not parsed as JSON, and errors are told otherwise.
    void fastify.register((scope, _options, done) => {
      this.serve(scope);
      done();
    });
  }

  private serve(scope: FastifyInstance): void {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    scope.setErrorHandler((error, request, reply) => this.errors.answer(error, request, reply));

    const calls = Object.values(this.calls());
    const library = new LibraryCalls(calls, this.errors, this.config.http.bodyLimitBytes);
    for (const call of calls) {
      scope.post(`${PATH}/${call.method.name}`, { config: { access: call.access } }, (request, reply) =>
        answer(call, library, request, reply),
      );
    }
    scope.post(`${PATH}/*`, { config: { access: PUBLIC } }, (request) => {
      throw new RouteNotFoundError(request.method, pathOf(request.url));
    });
  }

  private calls() {
    const { createCampaign, getCampaign, issueCoupon } = CouponService.method;
    return {
      createCampaign: rpcCall(createCampaign, isOpen(this.config) ? PUBLIC : ADMIN_ONLY, (message, request) =>
        this.campaigns.create(message, actorOf(request)),
      ),
      getCampaign: rpcCall(getCampaign, { kind: 'public', knowsCallers: true }, (message, request) =>
        this.campaigns.get(message, callerOf(request)),
      ),
      issueCoupon: rpcCall(
        issueCoupon,
        { kind: 'user', does: 'act', namedIn: 'message', isLimited: true },
        (message, request) => this.campaigns.issue(message, callerOf(request), entryTicketOf(request.headers)),
      ),
    } satisfies Record<keyof typeof CouponService.method, RpcCall>;
  }
}

async function answer(call: RpcCall, library: LibraryCalls, request: FastifyRequest, reply: FastifyReply) {
  const format = plainFormat(call, request);
  const { status, headers, body } =
    format === undefined ? await library.answer(call, request) : await answerPlainly(call, format, request);
  void reply.code(status).headers(headers);
  return body;
}
