import { ConnectError } from '@connectrpc/connect';
import {
  codeFromString,
  codeToHttpStatus,
  contentTypeUnaryRegExp,
  errorToJsonBytes,
} from '@connectrpc/connect/protocol-connect';
import { setTrailerStatus } from '@connectrpc/connect/protocol-grpc';
import { contentTypeRegExp as contentTypeGrpcWebRegExp } from '@connectrpc/connect/protocol-grpc-web';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { UnsupportedMediaTypeError } from '../platform/errors/platform.errors.js';
import { PROBLEM_CATALOG, type ProblemCatalog } from '../platform/errors/problem-catalog.js';
import { ProblemFilter } from '../platform/errors/problem.filter.js';
import { headersOf } from '../platform/errors/problem-headers.js';
import { measureAs } from '../platform/http/http-metrics.js';

/** Says what failed in the words of the RPC; what it means stands in the one table of all codes. */
@Injectable()
export class RpcErrors {
  constructor(
    private readonly problems: ProblemFilter,
    @Inject(PROBLEM_CATALOG) private readonly catalog: ProblemCatalog,
  ) {}

  /** What was thrown, as the library wants it. */
  from(error: unknown, request: FastifyRequest): ConnectError {
    if (!(error instanceof ConnectError)) return this.translate(error, request);
    measureAs(request, codeToHttpStatus(error.code));
    return error;
  }

  /** Answers in the protocol of the request; one that speaks none of ours hears a problem as everywhere else. */
  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const contentType = request.headers['content-type'] ?? '';
    if (error instanceof UnsupportedMediaTypeError) this.problems.answer(error, request, reply);
    else if (contentTypeUnaryRegExp.test(contentType)) answerConnect(this.from(error, request), reply);
    else if (contentTypeGrpcWebRegExp.test(contentType)) answerGrpcWeb(this.from(error, request), contentType, reply);
    else this.problems.answer(error, request, reply);
  }

  private translate(error: unknown, request: FastifyRequest): ConnectError {
    const refusal = this.problems.refusalOf(error, request);
    const { status, rpc } = this.catalog[refusal.code];
    // As everywhere else: that a method is not there is 501 in Connect, and yet no fault of ours.
    measureAs(request, status);
    const { code, message = refusal.message } = rpc;
    return withoutStack(() => new ConnectError(message, codeFromString(code), headersOf(refusal)));
  }
}

/** As in domain-error.ts, which says why: of 12.5 µs that a ConnectError takes, 10 are for the frames. */
function withoutStack<E extends Error>(create: () => E): E {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return create();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function answerConnect(error: ConnectError, reply: FastifyReply): void {
  void reply
    .code(codeToHttpStatus(error.code))
    .headers(Object.fromEntries(error.metadata))
    .header('content-type', 'application/json')
    .send(Buffer.from(errorToJsonBytes(error, undefined)));
}

/** Without a message there are only trailers, and those may stand in the head. */
function answerGrpcWeb(error: ConnectError, contentType: string, reply: FastifyReply): void {
  void reply
    .code(200)
    .headers(Object.fromEntries(setTrailerStatus(new Headers(), error)))
    .header('content-type', contentType)
    .send(Buffer.alloc(0));
}
