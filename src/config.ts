import { z } from 'zod';
import {
  type CouponConfig,
  couponSettings,
  kafkaTransportHasBrokers,
  lockLeavesConnections,
  reservedAreOfTheIssuer,
  retriesLeaveConnections,
  rolesNeedKafka,
} from './coupon/coupon.config.js';
import {
  entryTicketSettings,
  previousSecretNeedsSecret,
  turnstileIsEncrypted,
} from './coupon/entry/entry-tickets.config.js';
import {
  type EventsConfig,
  eventsKafkaHasBrokers,
  eventsSettings,
  outboxSettings,
  webhookSettings,
} from './events/events.config.js';
import { adminSettings, type IdentityConfig, identityRules, identitySettings } from './identity/identity.config.js';
import { type RateLimitConfig, rateLimitSettings } from './identity/limits/rate-limit.config.js';
import { type LoadTestConfig, loadTestSettings, noSeedInProduction } from './load-test/load-test.config.js';
import { expiredOrdersAreKept, type OrderConfig, orderSettings } from './order/order.config.js';
import { platformRules, platformSettings } from './platform/config/config.schema.js';
import { readConfig } from './platform/config/read-config.js';
import { type RankingConfig, rankingSettings } from './ranking/ranking.config.js';
import { noOpenAccessInProduction, type RpcConfig, rpcSettings } from './rpc/rpc.config.js';
import { type UserConfig, userSettings } from './user/user.config.js';

const schema = z
  .strictObject({
    ...platformSettings,
    identity: identitySettings,
    admin: adminSettings,
    rateLimit: rateLimitSettings,
    user: userSettings,
    coupon: couponSettings,
    entryTickets: entryTicketSettings,
    order: orderSettings,
    outbox: outboxSettings,
    events: eventsSettings,
    webhooks: webhookSettings,
    ranking: rankingSettings,
    rpc: rpcSettings,
    loadTest: loadTestSettings,
  })
  .check(
    ...platformRules,
    ...identityRules,
    kafkaTransportHasBrokers,
    rolesNeedKafka,
    eventsKafkaHasBrokers,
    previousSecretNeedsSecret,
    turnstileIsEncrypted,
    lockLeavesConnections,
    reservedAreOfTheIssuer,
    retriesLeaveConnections,
    expiredOrdersAreKept,
    noOpenAccessInProduction,
    noSeedInProduction,
  );

/** Every setting of the process, checked and read-only. */
export type AppConfig = IdentityConfig &
  RateLimitConfig &
  UserConfig &
  CouponConfig &
  OrderConfig &
  EventsConfig &
  RankingConfig &
  RpcConfig &
  LoadTestConfig;

/**
 * The settings of the platform and of every module, put together.
 *
 * @throws ConfigError naming every problem at once
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): AppConfig {
  return readConfig(schema, env);
}
