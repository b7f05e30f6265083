import { EventEmitter2 } from '@nestjs/event-emitter';
import { SchedulerRegistry } from '@nestjs/schedule';
import { DataSource } from 'typeorm';
import type { AppConfig } from '../../../src/config.js';
import { CONNECTION_CLASSES } from '../../../src/connection-classes.js';
import { COUPON_PROVIDERS } from '../../../src/coupon/coupon.module.js';
import { RELAY_PROVIDERS } from '../../../src/events/event-relay.module.js';
import { Relay } from '../../../src/events/relay/relay.service.js';
import { SinkDirectory } from '../../../src/events/relay/sink-directory.js';
import { ActionTrail } from '../../../src/identity/trail/action-trail.service.js';
import { ORDER_PROVIDERS } from '../../../src/order/order.module.js';
import { Clock } from '../../../src/platform/clock.js';
import { CONFIG } from '../../../src/platform/config/config.module.js';
import { SHARED } from '../../../src/platform/database/pool/connection-class.js';
import { ConnectionPool } from '../../../src/platform/database/pool/connection-pool.js';
import { PoolMetrics } from '../../../src/platform/database/pool/pool-metrics.js';
import { TransactionRunner } from '../../../src/platform/database/transaction-runner.js';
import { EventPublisher } from '../../../src/platform/events/event-publisher.js';
import { FaultPoints } from '../../../src/platform/fault-points.js';
import { IdempotencyService } from '../../../src/platform/idempotency/idempotency.service.js';
import { KafkaConnection } from '../../../src/platform/kafka/kafka-connection.js';
import { CircuitBreakers } from '../../../src/platform/metrics/circuit-breakers.js';
import { MetricsRegistry } from '../../../src/platform/metrics/metrics-registry.js';
import { OPEN_REDIS, type OpenRedis } from '../../../src/platform/redis/open-redis.js';
import { RedisConnection } from '../../../src/platform/redis/redis-connection.js';
import { RedisSubscriber } from '../../../src/platform/redis/redis-subscriber.js';
import { Intervals } from '../../../src/platform/scheduling/intervals.js';
import { BusinessCalendar } from '../../../src/ranking/business-calendar.js';
import { RANKING_PROVIDERS } from '../../../src/ranking/ranking.module.js';
import type { SimulatedBroker } from '../kafka/simulated-broker.js';
import { SimulatedKafka } from '../kafka/simulated-kafka.js';
import { simulatedRepositories } from '../ledger/repositories/index.js';
import type { LedgerSite } from '../ledger/ledger-site.js';
import { SimulatedDataSource } from '../ledger/simulated-data-source.js';
import { SimulatedPool } from '../ledger/simulated-pool.js';
import { SimulatedClusterClient } from '../redis/cluster-client.js';
import { type ClientSurroundings, SimulatedRedisClient } from '../redis/redis-client.js';
import type { RedisFleet } from '../redis/redis-fleet.js';
import type { Receiver } from '../sinks/receiver.js';
import { SimulatedSinks } from '../sinks/simulated-sinks.js';
import type { Link, Weather } from '../world/link.js';
import { Party } from '../world/party.js';
import type { World } from '../world/world.js';
import { Container, type Token } from './container.js';
import { RememberingCalendar } from './remembering-calendar.js';
import { callHook, subscribeListeners } from './lifecycle.js';
import { standIns } from './stand-ins.js';

/** As `openRedisWith` sets them. */
const CLUSTER_OPTIONS = { slotsIntervalMs: 500, slotsTimeoutMs: 500, maxRedirections: 4, movingRetryMs: 20 };

const PLATFORM_PROVIDERS = [
  MetricsRegistry,
  CircuitBreakers,
  RedisConnection,
  RedisSubscriber,
  KafkaConnection,
  TransactionRunner,
  EventPublisher,
  Clock,
  FaultPoints,
  Intervals,
  IdempotencyService,
  ActionTrail,
];

/** In the order in which the application imports its modules. */
const PROVIDERS: readonly Token[] = [
  ...PLATFORM_PROVIDERS,
  ...RELAY_PROVIDERS,
  ...COUPON_PROVIDERS,
  ...ORDER_PROVIDERS,
  ...RANKING_PROVIDERS,
];

/** What an instance is started with. */
export interface Surroundings {
  readonly world: World;
  readonly redis: RedisFleet;
  readonly ledger: LedgerSite;
  /** Other systems that are told what is decided; without any there is no relay. */
  readonly receivers: readonly Receiver[];
  readonly broker: SimulatedBroker;
  readonly config: AppConfig;
  readonly weather: Weather;
}

/**
 * One instance of the application: the real classes of its modules, put together as they say themselves. Of the real
 * ones are not: the client of Redis, the driver of MySQL below the pool, the repositories, and whoever is not of the saga.
 */
export class SimulatedInstance extends Party {
  readonly pool: SimulatedPool;
  private readonly container: Container;

  constructor(
    name: string,
    private readonly surroundings: Surroundings,
  ) {
    super(name);
    const { world, ledger, receivers, broker, config, weather } = surroundings;
    world.party = this;
    this.pool = new SimulatedPool(ledger, this, weather, config.database.connectTimeoutMs);
    const registry = new MetricsRegistry();
    const shares = new Map([SHARED, ...CONNECTION_CLASSES].map((each) => [each, each.share(config)]));
    const pool = new ConnectionPool(this.pool.asPool(), config.database, new PoolMetrics(registry), shares);
    const dataSource = new SimulatedDataSource(pool);
    const emitter = new EventEmitter2();
    this.container = new Container(
      PROVIDERS,
      new Map<Token, unknown>([
        ...standIns(),
        ...simulatedRepositories(dataSource),
        [SinkDirectory, new SimulatedSinks(receivers, world.chance(`network between ${name} and receivers`))],
        ...(receivers.length === 0 ? [[Relay, {}] as const] : []),
        [KafkaConnection, new SimulatedKafka(broker, this, world.chance(`network between ${name} and Kafka`))],
        [CONFIG, config],
        [DataSource, dataSource],
        [EventEmitter2, emitter],
        [SchedulerRegistry, new SchedulerRegistry()],
        [MetricsRegistry, registry],
        [OPEN_REDIS, this.openRedis],
        [BusinessCalendar, new RememberingCalendar(new Clock(), config)],
      ]),
    );
    subscribeListeners(this.container.all(), emitter);
  }

  get isUsingKafka(): boolean {
    return this.surroundings.config.coupon.issuance.transport === 'kafka';
  }

  get<T>(token: Token<T>): T {
    return this.container.get(token);
  }

  /** As Nest starts the application. */
  async start(): Promise<void> {
    const { world } = this.surroundings;
    world.party = this;
    await callHook(this.container.all(), 'onModuleInit');
    await callHook(this.container.all(), 'onApplicationBootstrap');
  }

  /** As Nest ends it at SIGTERM. The caller makes it dead when this resolves. */
  async stop(): Promise<void> {
    const providers = this.container.all();
    await callHook(providers, 'onModuleDestroy');
    await callHook(providers, 'beforeApplicationShutdown');
    await callHook(providers, 'onApplicationShutdown');
  }

  /** Its process is killed: it does and hears nothing more. Its kernel closes its connections. */
  die(): void {
    this.isDead = true;
    for (const client of this.redisClients()) client.processDied();
    for (const connection of this.pool.connections) connection.processDied();
  }

  /** Its host is gone, or the network around it: nobody is told. */
  vanish(): void {
    this.isDead = true;
    for (const client of this.redisClients()) client.hostVanished();
    for (const connection of this.pool.connections) connection.link.cut();
  }

  /** Breaks its connections to Redis. */
  cutOffRedis(): void {
    for (const client of this.redisClients()) client.breakConnection();
  }

  /** Breaks all of its connections to MySQL. */
  cutOffLedger(): void {
    for (const connection of this.pool.connections) connection.breakOff();
  }

  /** Breaks the connection that this is. */
  cutOff(link: Link): void {
    for (const client of this.redisClients()) if (client.link === link) client.breakConnection();
    for (const connection of this.pool.connections) if (connection.link === link) connection.breakOff();
  }

  /** What it says to Redis, and hears from there, takes this much longer for a moment. */
  stallRedis(ms: number): void {
    for (const { link } of this.redisClients()) link?.stall(ms);
  }

  stallLedger(ms: number): void {
    for (const { link } of this.pool.connections) link.stall(ms);
  }

  private redisClients(): SimulatedRedisClient[] {
    return this.surroundings.redis.sites.flatMap(({ clients }) =>
      [...clients].filter(({ instance }) => instance === this),
    );
  }

  private get redisSurroundings(): ClientSurroundings {
    const { world, redis, weather } = this.surroundings;
    return { world, fleet: redis, instance: this, weather };
  }

  private readonly openRedis: OpenRedis = {
    server: (_address, { retryStrategy }) => {
      const { world, redis } = this.surroundings;
      const site = redis.which(0);
      const options = { ...site.address, retryStrategy };
      const chance = world.chance(`network between ${this.name} and Redis`);
      return new SimulatedRedisClient(this.redisSurroundings, site, options, chance).asRedis();
    },
    sentinel: () => {
      throw new Error('sentinels are not simulated');
    },
    cluster: ({ endpoints }, { retryStrategy }) => {
      const options = { startupNodes: endpoints, retryStrategy, ...CLUSTER_OPTIONS };
      return new SimulatedClusterClient(this.redisSurroundings, options).asCluster();
    },
  };
}
