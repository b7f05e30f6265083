import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config/config.schema.js';
import { ProblemFilter } from '../errors/problem.filter.js';
import { AppLogger } from '../logging/logger.js';
import { serveDocs } from '../openapi/serve-docs.js';
import { acceptOnlyJson } from './body-parsing.js';
import { GracefulShutdown } from './graceful-shutdown.js';
import { HttpMetrics, timedRequestId } from './http-metrics.js';
import { REQUEST_ID_HEADER, requestId } from './request-id.js';
import { ValidationPipe } from './validation.pipe.js';

/** For a request to arrive, not for its answer; without it a client may hold a connection for as long as it likes. */
const REQUEST_TIMEOUT_MS = 30_000;

/** The composition root, `AppModule`. */
export interface RootModule<C extends Config> {
  forRoot(config: C): DynamicModule;
  /** A sentence for whoever reads the documentation of the API. */
  readonly purpose: string;
}

/**
 * The whole application, ready for `listen()`.
 *
 * Each request pays for what is here, so there is little: one hook that sets two headers, one that adds up its
 * duration, one pipe, one filter; no request log, no interceptor, no Connect middleware.
 */
export async function createApp<C extends Config>(root: RootModule<C>, config: C): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: config.http.bodyLimitBytes,
    genReqId: config.metrics.enabled ? timedRequestId : requestId,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // What GracefulShutdown could not end in time is cut. Fastify's option costs nothing per request, Nest's does.
    forceCloseConnections: true,
    skipMiddie: true,
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      void reply.header(REQUEST_ID_HEADER, request.id);
      app.get(ProblemFilter).answer(error, request, reply);
      metrics.measureUnknown(request, reply);
    },
  });
  acceptOnlyJson(adapter.getInstance());

  const app = await NestFactory.create<NestFastifyApplication>(root.forRoot(config), adapter, {
    logger: new AppLogger(config.log),
    bodyParser: false,
    abortOnError: false,
  });
  app.useGlobalFilters(app.get(ProblemFilter));
  app.useGlobalPipes(new ValidationPipe());

  const metrics = app.get(HttpMetrics);
  metrics.measure(adapter.getInstance());
  const shutdown = app.get(GracefulShutdown);
  adapter.getInstance().addHook('onSend', (request, reply, _payload, done) => {
    void reply.header(REQUEST_ID_HEADER, request.id);
    shutdown.markLastAnswer(reply);
    if (request.is404) metrics.measureUnknown(request, reply);
    done();
  });
  serveDocs(app, root.purpose);
  return app;
}
