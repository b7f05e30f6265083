import { beforeAll, describe, expect, it } from '@jest/globals';
import type { HttpAdapterHost } from '@nestjs/core';
import { fastify, type FastifyInstance } from 'fastify';
import { loadConfig } from '../../config.js';
import { Clock } from '../../platform/clock.js';
import { DomainError } from '../../platform/errors/domain-error.js';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { OperatorKeys } from '../key/operator-keys.service.js';
import { WrongKeys } from '../key/wrong-keys.js';
import type { KeySetService } from '../token/key-set.service.js';
import { TokenVerifier } from '../token/token-verifier.service.js';
import { AccessControl } from './access-control.service.js';
import { LinkTickets } from './link-tickets.service.js';
import { TracedCalls } from './traced-calls.js';

const config = loadConfig({
  NODE_ENV: 'test',
  ADMIN_TOKEN: 'the-token',
  REDIS_URL: 'redis://127.0.0.1:1',
  DATABASE_URL: 'mysql://127.0.0.1:1/test',
});

let server: FastifyInstance;

beforeAll(async () => {
  server = fastify();
  const clock = new Clock();
  new AccessControl(
    config,
    { httpAdapter: { getInstance: () => server } } as unknown as HttpAdapterHost,
    new OperatorKeys(config),
    new WrongKeys(new MetricsRegistry()),
    new TokenVerifier(config, {} as KeySetService, clock),
    new LinkTickets(config, clock),
    {} as TracedCalls,
  ).onModuleInit();
  server.setErrorHandler((error, _request, reply) => reply.send(error instanceof DomainError ? error.code : 'fault'));
  server.get('/role', { config: { access: { kind: 'role', role: 'admin' } } }, () => 'in');
  server.get('/api/forgotten', () => 'in');
  server.get('/page', () => 'in');
  await server.ready();
});

async function ask(path: string, authorization?: string): Promise<string> {
  const headers = authorization === undefined ? {} : { authorization };
  return (await server.inject({ url: path, headers })).body;
}

describe('AccessControl', () => {
  it.each(['Bearer the-token', 'bearer the-token', 'Bearer  the-token '])('lets %p pass', async (authorization) => {
    expect(await ask('/role', authorization)).toBe('in');
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
  ])('refuses %p', async (authorization) => {
    expect(await ask('/role', authorization)).toBe('UNAUTHENTICATED');
  });

  it('keeps a route of the API that does not say who may call it for administrators', async () => {
    expect(await ask('/api/forgotten')).toBe('UNAUTHENTICATED');
    expect(await ask('/api/forgotten', 'Bearer the-token')).toBe('in');
    expect(await ask('/page')).toBe('in');
  });
});
