import { describe, expect, it } from '@jest/globals';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { loadConfig } from '../../config.js';
import { UnauthenticatedError } from '../errors/platform.errors.js';
import { AdminGuard } from './admin.guard.js';

const config = loadConfig({
  NODE_ENV: 'test',
  ADMIN_TOKEN: 'the-token',
  REDIS_URL: 'redis://127.0.0.1:1',
  DATABASE_URL: 'mysql://127.0.0.1:1/test',
});

function ask(authorization: string | undefined) {
  const headers: Record<string, string> = {};
  const reply = { header: (name: string, value: string) => (headers[name] = value) };
  const pass = () =>
    new AdminGuard(config).canActivate(new ExecutionContextHost([{ headers: { authorization } }, reply]));
  return { pass, headers };
}

describe('AdminGuard', () => {
  it.each(['Bearer the-token', 'bearer the-token', 'Bearer  the-token '])('lets %p pass', (authorization) => {
    const { pass, headers } = ask(authorization);

    expect(pass()).toBe(true);
    expect(headers).toEqual({});
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
  ])('refuses %p and names the scheme', (authorization) => {
    const { pass, headers } = ask(authorization);

    expect(pass).toThrow(UnauthenticatedError);
    expect(headers).toEqual({ 'www-authenticate': 'Bearer' });
  });
});
