import { isIP } from 'node:net';
import { z } from 'zod';
import { messageOf } from '../errors/error-text.js';
import { parseRedisAddress, REDIS_ADDRESS_FORMS } from '../redis/redis-address.js';
import { databaseUrl, tlsRules, TLS_MODES, withModeOfUrl } from './database-tls.js';
import { certificateFile, type DeepReadonly, listOf, onOff, oneOf, rule, wholeNumber } from './settings.js';

/** The profiles NODE_ENV may name. */
export const PROFILES = ['local', 'test', 'production'] as const;

/** Whether the database server is a node of a Galera cluster: `auto` asks it. */
export const GALERA_MODES = ['auto', 'on', 'off'] as const;
export type GaleraMode = (typeof GALERA_MODES)[number];

/** Settings whose value never appears in a message: they hold credentials. */
export const SECRET_SETTINGS: ReadonlySet<string> = new Set([
  'admin.token',
  'entryTickets.secret',
  'entryTickets.previousSecret',
  'entryTickets.turnstile.secretKey',
  'admin.keys',
  'identity.secret',
  'identity.publicKey',
  'identity.linkSecret',
  'kafka.password',
  'redis.url',
  'redis.sentinel.password',
  'database.url',
]);

/** What an instance does; admission and issuance apart from each other only with Kafka between them. */
export const ROLES = ['all', 'admit', 'issue'] as const;
export type Role = (typeof ROLES)[number];

/** One connection for each class of callers, and one for the rest: see connection-classes.ts. */
export const MIN_POOL_SIZE = 5;

const redisUrl = z.string({ error: `must be ${REDIS_ADDRESS_FORMS}` }).check(({ value, issues }) => {
  try {
    parseRedisAddress(value);
  } catch (error) {
    issues.push({ code: 'custom', input: value, message: messageOf(error) });
  }
});

const BROKERS_NEEDED = 'must be host:port, or several of them with commas between';
const kafkaBrokers = z
  .string({ error: BROKERS_NEEDED })
  .regex(/^[^\s,:/]+:\d{1,5}(,[^\s,:/]+:\d{1,5})*$/, { error: BROKERS_NEEDED });

const origins = listOf(
  'origins as browsers send them, such as https://shop.example',
  (text) => /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text,
);

const networks = listOf('addresses or networks of proxies, such as 10.0.0.0/8', isNetwork);

/** The settings of the platform; those of a module stand beside the module. */
export const platformSettings = {
  profile: oneOf(PROFILES),
  role: oneOf(ROLES),
  http: z.strictObject({
    /** 0 takes any free port. */
    port: wholeNumber(0, 65_535),
    host: z.string({ error: 'must be an address to listen on' }).min(1),
    bodyLimitBytes: wholeNumber(1_024, 16_777_216),
    headersTimeoutMs: wholeNumber(100, 600_000),
    requestTimeoutMs: wholeNumber(100, 3_600_000),
    timeoutCheckIntervalMs: wholeNumber(10, 60_000),
    keepAliveTimeoutMs: wholeNumber(100, 3_600_000),
    maxConnections: wholeNumber(1, 1_000_000),
    /** 0: no Strict-Transport-Security. */
    hstsMaxAgeSeconds: wholeNumber(0, 63_072_000),
    cors: z.strictObject({ origins }),
    /** Whose X-Forwarded-For says who asks. */
    trustProxy: networks,
    shutdownTimeoutMs: wholeNumber(100, 60_000),
  }),
  management: z.strictObject({
    /** 0 takes any free port; without one, http.port serves all. */
    port: wholeNumber(0, 65_535).optional(),
    host: z.string({ error: 'must be an address to listen on' }).min(1),
  }),
  redis: z.strictObject({
    url: redisUrl,
    tls: z.strictObject({ ca: certificateFile().optional() }).prefault({}),
    /** The account on the sentinels; that on the servers which they name is in the URL. */
    sentinel: z
      .strictObject({ username: z.string().min(1).optional(), password: z.string().min(1).optional() })
      .prefault({}),
    /** So many replicas must have a reservation before its user hears of it; 0: none. */
    waitReplicas: wholeNumber(0, 100),
    waitTimeoutMs: wholeNumber(1, 10_000),
    commandTimeoutMs: wholeNumber(10, 10_000),
    reconnectMaxDelayMs: wholeNumber(10, 60_000),
    breaker: z.strictObject({ failures: wholeNumber(1, 1_000), probeIntervalMs: wholeNumber(10, 60_000) }),
  }),
  database: z
    .strictObject({
      url: databaseUrl,
      /** At least: the URL may ask for more, and then it holds. */
      tls: z.strictObject({ mode: oneOf(TLS_MODES), ca: certificateFile().optional() }),
      galera: oneOf(GALERA_MODES),
      poolSize: wholeNumber(MIN_POOL_SIZE, 1_000),
      connectTimeoutMs: wholeNumber(100, 60_000),
      acquireTimeoutMs: wholeNumber(10, 600_000),
      statementTimeoutMs: wholeNumber(100, 3_600_000),
      /** The server counts whole seconds. */
      idleTransactionTimeoutMs: wholeNumber(1_000, 3_600_000),
      leakWarningMs: wholeNumber(100, 3_600_000),
      migrateAtStart: onOff,
    })
    .check(...tlsRules)
    .transform(withModeOfUrl),
  kafka: z.strictObject({
    brokers: kafkaBrokers.optional(),
    clientId: z.string({ error: 'must be a name' }).min(1),
    tls: onOff,
    username: z.string().min(1).optional(),
    password: z.string().min(1).optional(),
    sweepAfterMs: wholeNumber(100, 3_600_000),
  }),
  log: z.strictObject({
    level: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'verbose']),
    format: oneOf(['text', 'json']),
  }),
  metrics: z.strictObject({
    /** false: nothing is timed, counted or sampled for /metrics, to measure what that costs. */
    enabled: onOff,
    probeIntervalMs: wholeNumber(50, 60_000),
    /** `/metrics` is written once in this time at most, however many ask for it. */
    writeIntervalMs: wholeNumber(0, 60_000),
  }),
  faultPoint: z.string().min(1).optional(),
};

const platformSchema = z.object(platformSettings);

/** What `npm run migrate` needs: it serves nobody, so it wants neither a Redis nor a token for admin calls. */
export const databaseSchema = platformSchema.pick({ database: true });

type Settings = z.output<typeof platformSchema>;

/** The settings of the platform, checked and read-only; those of a module extend them. */
export type Config = DeepReadonly<Settings>;

export const platformRules = [
  rule<Settings>(
    ['redis', 'tls', 'ca'],
    'must not be set unless redis.url begins with rediss:// (or rediss+sentinel://, rediss+cluster://)',
    ({ redis }) => redis?.tls?.ca === undefined || redis.url === undefined || redis.url.startsWith('rediss'),
  ),
  ...(['username', 'password'] as const).map((name) =>
    rule<Settings>(
      ['redis', 'sentinel', name],
      'must not be set unless redis.url begins with redis+sentinel:// or rediss+sentinel://',
      ({ redis }) =>
        redis?.sentinel?.[name] === undefined || redis.url === undefined || /^rediss?\+sentinel:/.test(redis.url),
    ),
  ),
  rule<Settings>(
    ['kafka', 'password'],
    'must be given with kafka.username (KAFKA_USERNAME), and only with it',
    ({ kafka }) => (kafka?.username === undefined) === (kafka?.password === undefined),
  ),
  rule<Settings>(
    ['http', 'headersTimeoutMs'],
    'must not be greater than http.requestTimeoutMs (HTTP_REQUEST_TIMEOUT_MS)',
    ({ http }) => !(Number(http?.headersTimeoutMs) > Number(http?.requestTimeoutMs)),
  ),
  rule<Settings>(
    ['management', 'port'],
    'must not be http.port: the public port has neither metrics nor dashboard then',
    ({ http, management }) => management?.port === undefined || management.port === 0 || management.port !== http?.port,
  ),
  rule<Settings>(
    ['faultPoint'],
    'must not be set outside the test profile',
    ({ profile, faultPoint }) => profile === 'test' || faultPoint === undefined,
  ),
] as const;

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  const maxPrefix = family === 6 ? 128 : 32;
  return family !== 0 && rest.length === 0 && (prefix === undefined || isPrefix(prefix, maxPrefix));
}

/** Not 0: who trusts everybody believes what anybody says of themselves. */
function isPrefix(text: string, max: number): boolean {
  return /^[1-9]\d{0,2}$/.test(text) && Number(text) <= max;
}
