import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';
import type { Config } from '../config/config.schema.js';
import { ProblemFilter } from '../errors/problem.filter.js';
import { acceptImports } from '../import/import-source.js';
import { AppLogger } from '../logging/logger.js';
import { type Introduction, serveDocs } from '../openapi/serve-docs.js';
import { ArrivalChecks } from './arrival-checks.js';
import { refuseAtArrival } from './arriving-requests.js';
import { acceptOnlyJson } from './body-parsing.js';
import { ClientErrors } from './client-errors.js';
import { allowOrigins } from './cors.js';
import { GracefulShutdown } from './graceful-shutdown.js';
import { HttpMetrics, timedRequestId } from './http-metrics.js';
import { HttpServers } from './http-servers.js';
import { ManagementServer } from './management-server.js';
import { allowLongerBodies } from './longer-bodies.js';
import { REQUEST_ID_HEADER, requestId } from './request-id.js';
import { SecurityHeaders } from './security-headers.js';
import { limitSlowBodies } from './slow-bodies.js';
import { serverOptions } from './server-options.js';
import { refuseUnknownParameters } from './unknown-parameters.js';
import { UnansweredRequests } from './unanswered-requests.js';
import { ValidationPipe } from './validation.pipe.js';

/** The composition root, `AppModule`. */
export interface RootModule<C extends Config> extends Introduction {
  forRoot(config: C): DynamicModule;
}

/**
 * The whole application, ready for `listen()`.
 *
 * Each request pays for what is here, so there is little: one hook that sets what a browser may do with its answer and lets
 * it wait for its turn, one that looks at its head, one that sets the other headers of its answer, one that adds up its
 * duration, one pipe, one filter; no request log, no interceptor, no Connect middleware.
 */
export async function createApp<C extends Config>(root: RootModule<C>, config: C): Promise<NestFastifyApplication> {
  const security = new SecurityHeaders(config);
  const adapter = new FastifyAdapter({
    ...serverOptions(config),
    genReqId: config.metrics.enabled ? timedRequestId : requestId,
    skipMiddie: true,
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
      security.set(reply);
      setHeaders(request, reply);
      problems.answer(error, request, reply);
      metrics.measureUnknown(request, reply);
    },
    clientErrorHandler: (error: Error, socket: Socket): void => clientErrors.onClientError(error, socket),
  });
  const fastify = adapter.getInstance();
  acceptOnlyJson(fastify);
  acceptImports(fastify);
  allowLongerBodies(fastify, config.http.bodyLimitBytes);

  const app = await NestFactory.create<NestFastifyApplication>(root.forRoot(config), adapter, {
    logger: new AppLogger(config.log),
    bodyParser: false,
    abortOnError: false,
  });
  const problems = app.get(ProblemFilter);
  app.useGlobalFilters(problems);
  app.useGlobalPipes(new ValidationPipe());
  refuseUnknownParameters(app);

  const metrics = app.get(HttpMetrics);
  metrics.measure(fastify);
  const unanswered = new UnansweredRequests();
  // Before all other hooks, also those of Nest, which answer some requests themselves.
  adapter.setOnRequestHook((request, reply, done) => {
    security.set(reply);
    unanswered.enter(request, reply, done);
  });
  security.allowDocs(fastify);
  allowOrigins(app, config.http.cors.origins);
  app.get(ArrivalChecks).apply(fastify);
  const management = app.get(ManagementServer);
  refuseAtArrival(fastify, management);
  const clientErrors = new ClientErrors(problems, metrics, unanswered, security);
  for (const server of app.get(HttpServers).all) {
    clientErrors.listen(server, { isOfFastify: server === fastify.server });
    limitSlowBodies(server, config);
  }
  const shutdown = app.get(GracefulShutdown);
  fastify.addHook('onSend', (request, reply, payload, done) => {
    setHeaders(request, reply);
    shutdown.markLastAnswer(reply);
    if (request.is404) metrics.measureUnknown(request, reply);
    unanswered.leave(request, reply, payload);
    done();
  });
  serveDocs(app, root);
  return app;
}

/** Of every answer. Nothing of an API may be kept: a shared cache has shown a 404 to people who had a coupon by then. */
function setHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.header(REQUEST_ID_HEADER, request.id);
  if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
}
