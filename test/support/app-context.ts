import type { INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { AppModule } from '../../src/app.module.js';
import { loadConfig } from '../../src/config.js';
import { RedisConnection } from '../../src/platform/redis/redis-connection.js';
import { atEndOfFile } from './cleanup.js';
import { eventually } from './poll.js';

interface ContextOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Puts other providers in the place of the real ones. */
  readonly override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
}

/**
 * An instance of the application inside the test's process, with its jobs but without a port, for tests that call its
 * services or put others in their place. Resolves when it is connected; closed at the end of the test file.
 */
export async function openApplication({
  env = {},
  override = (builder) => builder,
}: ContextOptions = {}): Promise<INestApplication> {
  const config = loadConfig({
    ...process.env,
    NODE_ENV: 'test',
    LOAD_TEST_SEED_AT_START: 'false',
    // It shares its event loop with the test, which may keep an answer waiting.
    REDIS_COMMAND_TIMEOUT_MS: '10000',
    ...env,
  });
  const module = await override(Test.createTestingModule({ imports: [AppModule.forRoot(config)] })).compile();
  const app = module.createNestApplication(new FastifyAdapter(), { logger: false });
  await app.init();
  atEndOfFile(() => app.close());
  await eventually(() => app.get(RedisConnection).requireRunId());
  return app;
}
