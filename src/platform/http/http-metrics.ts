import { Inject, Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest, onSendHookHandler } from 'fastify';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { CONFIG } from '../config/config.module.js';
import type { Config } from '../config/config.schema.js';
import type { HotHistogram, HotSeries } from '../metrics/hot-histogram.js';
import { MetricsRegistry } from '../metrics/metrics-registry.js';
import { requestId } from './request-id.js';

const ARRIVED_AT = Symbol('arrived at');
const MEANT_STATUS = Symbol('meant status');

/** Of a request: what is measured of it. */
interface Timed {
  [ARRIVED_AT]?: number;
  [MEANT_STATUS]?: number;
  readonly socket: Pick<Socket, 'destroyed'>;
}

/** Of an answer that nobody heard, as web servers log it: the client hung up. */
const CLIENT_CLOSED_REQUEST = 499;
/** Where the classes of status are the hundreds. */
const UNHEARD = 0;

/**
 * How long calls take, by route and class of status. Each request pays for it, so there is nothing to look up: a route
 * has a hook of its own that knows its series, and the time of arrival lies on the request.
 */
@Injectable()
export class HttpMetrics {
  private readonly durations: HotHistogram;
  private readonly isEnabled: boolean;
  private readonly unknownRoute: (raw: Timed, status: number) => void;

  constructor(registry: MetricsRegistry, @Inject(CONFIG) { metrics }: Config) {
    this.isEnabled = metrics.enabled;
    this.durations = registry.hotHistogram(
      'firstcome_http_request_duration_seconds',
      'From the head of a request to its answer, by route (its pattern; "unknown" for what is no route) and class of status; 499: the client hung up before.',
      [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    );
    this.unknownRoute = this.observer('any', 'unknown');
  }

  /** Measures every route that is added to `fastify` from now on. */
  measure(fastify: FastifyInstance): void {
    if (!this.isEnabled) return;
    fastify.addHook('onRoute', (route) => {
      const observe = this.observer(String(route.method), route.url);
      const onSend: onSendHookHandler = (request, reply, _payload, done) => {
        observe(request.raw, reply.statusCode);
        done();
      };
      route.onSend = [route.onSend ?? [], onSend].flat();
    });
  }

  /** Counts an answer to a request that met no route. */
  measureUnknown(request: FastifyRequest, reply: FastifyReply): void {
    if (this.isEnabled) this.unknownRoute(request.raw, reply.statusCode);
  }

  /** Counts an answer to what Node could not read as a request, so that nobody knows when it began. */
  countUnread(status: number): void {
    if (!this.isEnabled) return;
    this.unknownRoute({ [ARRIVED_AT]: performance.now(), socket: { destroyed: false } }, status);
  }

  private observer(method: string, route: string): (raw: Timed, status: number) => void {
    const series: HotSeries[] = [];
    return (raw, answered) => {
      const arrivedAt = raw[ARRIVED_AT];
      if (arrivedAt === undefined) return;
      const status = raw[MEANT_STATUS] ?? answered;
      const statusClass = classOf(status, raw);
      series[statusClass] ??= this.durations.series({
        method,
        route,
        status_class: statusClass === UNHEARD ? String(CLIENT_CLOSED_REQUEST) : `${statusClass}xx`,
      });
      series[statusClass].observe((performance.now() - arrivedAt) / 1000);
    };
  }
}

/** A fault of ours stays one, also when the client has left by then: it may have left for that. */
function classOf(status: number, { socket }: Timed): number {
  const isUnheard = status === CLIENT_CLOSED_REQUEST || (socket.destroyed && status < 500);
  return isUnheard ? UNHEARD : Math.floor(status / 100);
}

/** For an answer whose status does not say how the call went: gRPC-Web's is 200 also for a failure. */
export function measureAs({ raw }: FastifyRequest, status: number): void {
  (raw as Timed)[MEANT_STATUS] = status;
}

/** {@link requestId}, which Fastify asks for before it does anything else with a request: so this is its arrival. */
export function timedRequestId(request: IncomingMessage & Timed): string {
  request[ARRIVED_AT] = performance.now();
  return requestId(request);
}
