import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { HttpException, Logger, NotFoundException } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { fromDriver } from '../database/database-errors.js';
import { DomainError } from './domain-error.js';
import type { ErrorCode } from './error-codes.js';
import { MethodNotAllowedError, UnauthenticatedError } from './platform.errors.js';
import type { ProblemCatalog } from './problem-catalog.js';
import { ProblemFilter } from './problem.filter.js';

const CATALOG = {
  TEAPOT: { status: 418, title: 'A teapot' },
  VALIDATION_FAILED: { status: 400, title: 'Not valid' },
  MALFORMED_JSON: { status: 400, title: 'Not JSON' },
  UNAUTHENTICATED: { status: 401, title: 'Who?' },
  ROUTE_NOT_FOUND: { status: 404, title: 'Where?' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'How?' },
  CLIENT_CLOSED_REQUEST: { status: 499, title: 'Gone' },
  BODY_TOO_LARGE: { status: 413, title: 'Too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'What?' },
  INTERNAL_ERROR: { status: 500, title: 'Oh' },
  DATABASE_UNAVAILABLE: { status: 503, title: 'Away' },
} as unknown as ProblemCatalog;

class TeapotError extends DomainError {
  override readonly retryAfterSeconds = 7;

  constructor(message: string, data?: Record<string, unknown>) {
    super('TEAPOT' as ErrorCode, message, data);
  }
}

class FakeReply {
  sent = false;
  status = 0;
  body = '';
  readonly set: Record<string, unknown> = {};

  code(status: number): this {
    this.status = status;
    return this;
  }

  headers(headers: object): this {
    Object.assign(this.set, headers);
    return this;
  }

  send(body: string): this {
    this.body = body;
    this.sent = true;
    return this;
  }
}

function answerTo(thrown: unknown, reply = new FakeReply()) {
  const request = { id: 'request-1', method: 'POST', url: '/api/tea?secret=1' };
  new ProblemFilter(CATALOG).catch(thrown, new ExecutionContextHost([request, reply]));
  const problem: Record<string, unknown> = reply.body === '' ? {} : JSON.parse(reply.body);
  return { status: reply.status, headers: reply.set, problem };
}

/** As Nest hands on an error of Fastify below 500. */
function fastifyError(code: string, status: number): HttpException {
  return new HttpException('as Fastify says', status, {
    cause: Object.assign(new Error(code), { code, statusCode: status }),
  });
}

describe('ProblemFilter', () => {
  const logged = jest.fn();

  beforeEach(() => {
    logged.mockClear();
    jest.spyOn(Logger.prototype, 'error').mockImplementation(logged);
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(logged);
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('answers a domain error with the status of its code, its data and Retry-After, and logs nothing', () => {
    expect(answerTo(new TeapotError('No coffee here.', { spouts: 1 }))).toEqual({
      status: 418,
      headers: { 'content-type': 'application/problem+json; charset=utf-8', 'retry-after': '7' },
      problem: {
        type: 'urn:firstcome:problem:teapot',
        title: 'A teapot',
        status: 418,
        detail: 'No coffee here.',
        instance: '/api/tea',
        code: 'TEAPOT',
        spouts: 1,
      },
    });
    expect(logged).not.toHaveBeenCalled();
  });

  it('says how to prove who one is', () => {
    expect(answerTo(new UnauthenticatedError())).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer' },
      problem: { code: 'UNAUTHENTICATED' },
    });
  });

  it('says nothing of the inside about an unknown error, and logs it with the request id', () => {
    const { status, problem } = answerTo(new Error('password=hunter2'));

    expect(status).toBe(500);
    expect(problem).toMatchObject({ code: 'INTERNAL_ERROR', requestId: 'request-1' });
    expect(JSON.stringify(problem)).not.toContain('hunter2');
    expect(logged).toHaveBeenCalledWith(
      'POST /api/tea failed, request request-1: Error: password=hunter2',
      expect.stringContaining('    at '),
    );
  });

  it.each([['a string'], [undefined], [null], [{ statusCode: 400 }]])(
    'takes %p, thrown, for an unknown error',
    (thrown) => {
      expect(answerTo(thrown).problem).toMatchObject({ status: 500, code: 'INTERNAL_ERROR' });
    },
  );

  it('answers 503 while the database cannot be reached, and does not log that for each call', () => {
    const refused = fromDriver(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
    const filter = new ProblemFilter(CATALOG);
    const replies = [new FakeReply(), new FakeReply(), new FakeReply()];
    for (const reply of replies)
      filter.catch(refused, new ExecutionContextHost([{ id: '1', method: 'GET', url: '/' }, reply]));

    for (const reply of replies) {
      expect(reply.status).toBe(503);
      expect(reply.set['retry-after']).toBe('1');
      expect(reply.body).toContain('"code":"DATABASE_UNAVAILABLE"');
    }
    expect(logged).toHaveBeenCalledTimes(1);
  });

  it('takes a client that hung up for that, not for a database that is away, and logs nothing', () => {
    const aborted = Object.assign(new Error('aborted'), { code: 'ECONNRESET', statusCode: 400 });
    expect(answerTo(aborted)).toMatchObject({ status: 499, problem: { code: 'CLIENT_CLOSED_REQUEST' } });
    expect(answerTo(new HttpException('as Nest wraps it', 400, { cause: aborted })).status).toBe(499);
    expect(logged).not.toHaveBeenCalled();
  });

  it('names the methods that a path has', () => {
    const { status, headers } = answerTo(new MethodNotAllowedError('POST', '/api/tea', ['GET', 'HEAD']));
    expect({ status, allow: headers['allow'] }).toEqual({ status: 405, allow: 'GET, HEAD' });
  });

  it('logs a few of the calls that fail in the same second, and how many more did', () => {
    jest.useFakeTimers();
    const filter = new ProblemFilter(CATALOG);
    const host = new ExecutionContextHost([{ id: '1', method: 'GET', url: '/' }, new FakeReply()]);
    for (let call = 1; call <= 1000; call += 1) filter.catch(new Error('ours'), host);
    expect(logged).toHaveBeenCalledTimes(5);
    jest.advanceTimersByTime(1000);
    jest.useRealTimers();
    expect(logged).toHaveBeenCalledTimes(6);
    expect(logged).toHaveBeenLastCalledWith('995 more calls failed within a second');
  });

  it('answers 503 when a deadlock has outlasted every retry', () => {
    const deadlock = fromDriver(Object.assign(new Error('Deadlock found'), { errno: 1213 }));
    expect(answerTo(deadlock)).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
      problem: { code: 'DATABASE_UNAVAILABLE' },
    });
  });

  it.each([
    ['FST_ERR_CTP_BODY_TOO_LARGE', 413, 'BODY_TOO_LARGE'],
    ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['FST_ERR_CTP_INVALID_JSON_BODY', 400, 'MALFORMED_JSON'],
    ['FST_ERR_CTP_EMPTY_JSON_BODY', 400, 'VALIDATION_FAILED'],
    ['FST_ERR_CTP_INVALID_CONTENT_LENGTH', 400, 'VALIDATION_FAILED'],
    ['FST_ERR_BAD_URL', 400, 'VALIDATION_FAILED'],
    ['FST_ERR_MAX_PARAM_LENGTH', 414, 'VALIDATION_FAILED'],
  ])('answers %s of Fastify', (fastifyCode, fastifyStatus, code) => {
    expect(answerTo(fastifyError(fastifyCode, fastifyStatus)).problem).toMatchObject({ code });
    expect(logged).not.toHaveBeenCalled();
  });

  it('answers the exceptions of Nest', () => {
    expect(answerTo(new NotFoundException()).problem).toMatchObject({
      code: 'ROUTE_NOT_FOUND',
      detail: 'There is no POST /api/tea. GET /docs shows what there is.',
    });
    expect(answerTo(new HttpException('no', 401)).problem).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(answerTo(new HttpException('no', 418)).problem).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' });
    expect(answerTo(new HttpException('no', 502)).problem).toMatchObject({ status: 500, code: 'INTERNAL_ERROR' });
  });

  it('does not answer twice', () => {
    const reply = new FakeReply();
    reply.sent = true;

    expect(answerTo(new TeapotError('late'), reply).status).toBe(0);
  });
});
