import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { Config } from '../config/config.schema.js';
import type { Endpoint, RedisAddress } from './redis-address.js';
import type { RedisScripts } from './redis-scripts.js';
import { redisTls } from './redis-tls.js';
import { SILENCE_MS } from './silence.js';

const CONNECT_TIMEOUT_MS = 2000;
/** How long a connection that we leave may take to end by itself: that of a frozen primary does not. */
const DISCONNECT_TIMEOUT_MS = 200;
/** For one sentinel to name the primary, before the next one is asked. */
const SENTINEL_TIMEOUT_MS = 500;
/** How often, and for how long, one node of a cluster is asked who has which keys: nobody tells of a frozen one. */
const SLOTS_INTERVAL_MS = 500;
const SLOTS_TIMEOUT_MS = 500;
/** Before what was not carried out, since its keys were just being moved, is sent again; at most so often. */
const MOVING_RETRY_MS = 20;
const MAX_REDIRECTIONS = 4;

type Retry = { readonly retryStrategy: () => number };

/** Opens clients, which do not connect before they are told; injected, so that others can stand in their place. */
export interface OpenRedis {
  /** Of the one server at the address, or of the primary that its sentinels name. */
  server(address: RedisAddress, retry: Retry): Redis;
  /** Of one of the sentinels. */
  sentinel(address: RedisAddress, sentinel: Endpoint, retry: Retry): Redis;
  cluster(address: RedisAddress, retry: Retry): Cluster;
}

export const OPEN_REDIS = Symbol('OpenRedis');

/** Clients of ioredis that have these scripts as commands. */
export function openRedisWith(scripts: RedisScripts, { redis }: Pick<Config, 'redis'>): OpenRedis {
  const ofEach = {
    // The probe asks more, and what ioredis has to say of an INFO that fails goes past our log.
    enableReadyCheck: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
  } as const satisfies RedisOptions;
  const ofOne = { ...ofEach, lazyConnect: true, enableOfflineQueue: false } as const satisfies RedisOptions;
  /** Even without an authority of its own, as an object: the scheme alone, which asks for it, is known to us only. */
  const tlsOf = ({ isEncrypted }: RedisAddress) => (isEncrypted ? { tls: redisTls(redis.tls).tls ?? {} } : {});
  return {
    server: (address, retry) => {
      const options = { ...ofOne, ...retry, scripts };
      if (address.mode === 'single') return new Redis(redis.url, { ...options, ...redisTls(redis.tls) });
      const { tls } = tlsOf(address);
      return new Redis({
        ...options,
        ...accountOf(address),
        db: address.database,
        sentinels: [...address.endpoints],
        name: address.masterName ?? '',
        role: 'master',
        sentinelCommandTimeout: SENTINEL_TIMEOUT_MS,
        ...sentinelAccount(redis),
        ...(tls === undefined ? {} : { tls, sentinelTLS: tls, enableTLSForSentinelMode: true }),
      });
    },
    sentinel: (address, { host, port }, retry) => {
      const { sentinelUsername, sentinelPassword } = sentinelAccount(redis);
      return new Redis({
        ...ofOne,
        ...retry,
        socketTimeout: SILENCE_MS,
        ...tlsOf(address),
        host,
        port,
        ...(sentinelUsername === undefined ? {} : { username: sentinelUsername }),
        ...(sentinelPassword === undefined ? {} : { password: sentinelPassword }),
      });
    },
    cluster: (address, { retryStrategy }) =>
      new Cluster([...address.endpoints], {
        scripts,
        lazyConnect: true,
        enableOfflineQueue: false,
        enableReadyCheck: false,
        scaleReads: 'master',
        clusterRetryStrategy: retryStrategy,
        slotsRefreshInterval: SLOTS_INTERVAL_MS,
        slotsRefreshTimeout: SLOTS_TIMEOUT_MS,
        maxRedirections: MAX_REDIRECTIONS,
        // ioredis would send again what may have been carried out.
        retryDelayOnFailover: 0,
        retryDelayOnClusterDown: 0,
        retryDelayOnTryAgain: MOVING_RETRY_MS,
        // The names of the hosts are in their certificates.
        ...(address.isEncrypted ? { dnsLookup: (name, found) => found(null, name) } : {}),
        redisOptions: { ...ofEach, ...accountOf(address), ...tlsOf(address) },
      }),
  };
}

function accountOf({ username, password }: RedisAddress) {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  };
}

function sentinelAccount({ sentinel: { username, password } }: Config['redis']) {
  return {
    ...(username === undefined ? {} : { sentinelUsername: username }),
    ...(password === undefined ? {} : { sentinelPassword: password }),
  };
}
