import { Code } from '@connectrpc/connect';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ERROR_STATUS } from '../operations/problems/error-status.js';
import { fromDriver } from '../platform/database/database-errors.js';
import { UnauthenticatedError } from '../platform/errors/platform.errors.js';
import { ProblemFilter } from '../platform/errors/problem.filter.js';
import { RpcErrors } from './rpc-errors.js';

const REQUEST = {
  id: 'request-1',
  method: 'POST',
  url: '/coupon.v1.CouponService/IssueCoupon',
  raw: {},
} as unknown as FastifyRequest;

describe('RpcErrors', () => {
  const errors = new RpcErrors(new ProblemFilter(ERROR_STATUS), ERROR_STATUS);
  const logged = jest.fn();

  beforeEach(() => {
    logged.mockClear();
    for (const level of ['error', 'warn'] as const) jest.spyOn(Logger.prototype, level).mockImplementation(logged);
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('says nothing of the inside about an unknown error, and logs it with the request id', () => {
    const { code, rawMessage, metadata, details, cause } = errors.from(new Error('password=hunter2'), REQUEST);

    expect({ code, rawMessage, cause }).toEqual({
      code: Code.Internal,
      rawMessage: 'INTERNAL_SERVER_ERROR',
      cause: undefined,
    });
    expect([...metadata, ...details]).toEqual([]);
    expect(logged).toHaveBeenCalledWith(
      'POST /coupon.v1.CouponService/IssueCoupon failed, request request-1: Error: password=hunter2',
      expect.stringContaining('    at '),
    );
  });

  it('says in headers what a problem says there, and logs no refusal', () => {
    const { code, rawMessage, metadata } = errors.from(new UnauthenticatedError(), REQUEST);

    expect({ code, rawMessage, metadata: [...metadata] }).toEqual({
      code: Code.Unauthenticated,
      rawMessage: 'UNAUTHENTICATED',
      metadata: [['www-authenticate', 'Bearer']],
    });
    expect(logged).not.toHaveBeenCalled();
  });

  it('says that the database is away, and when to try again', () => {
    const refused = fromDriver(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
    const { code, rawMessage, metadata } = errors.from(refused, REQUEST);

    expect({ code, rawMessage, metadata: [...metadata] }).toEqual({
      code: Code.Unavailable,
      rawMessage: 'DATABASE_UNAVAILABLE',
      metadata: [['retry-after', '1']],
    });
  });
});
