import { describe, expect, it } from '@jest/globals';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { loadConfig } from '../../config.js';
import { UnauthenticatedError } from '../errors/platform.errors.js';
import { AdminToken } from './admin-token.js';
import { AdminGuard } from './admin.guard.js';

const config = loadConfig({
  NODE_ENV: 'test',
  ADMIN_TOKEN: 'the-token',
  REDIS_URL: 'redis://127.0.0.1:1',
  DATABASE_URL: 'mysql://127.0.0.1:1/test',
});

function ask(authorization: string | undefined): boolean {
  const guard = new AdminGuard(new AdminToken(config));
  return guard.canActivate(new ExecutionContextHost([{ headers: { authorization } }]));
}

describe('AdminGuard', () => {
  it.each(['Bearer the-token', 'bearer the-token', 'Bearer  the-token '])('lets %p pass', (authorization) => {
    expect(ask(authorization)).toBe(true);
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Bearer nope',
    'Bearer the-token2',
    'Basic the-token',
    'the-token',
    'Bearer a b',
  ])('refuses %p', (authorization) => {
    expect(() => ask(authorization)).toThrow(UnauthenticatedError);
  });
});
