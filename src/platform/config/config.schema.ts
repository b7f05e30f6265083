import { z } from 'zod';

/** The profiles NODE_ENV may name. */
export const PROFILES = ['local', 'test', 'production'] as const;

/** Settings whose value never appears in a message: they hold credentials. */
export const SECRET_SETTINGS: ReadonlySet<string> = new Set(['admin.token', 'redis.url', 'database.url']);

const MIN_PRODUCTION_TOKEN_LENGTH = 32;
const TOKEN_NEEDED = `must be given, with at least ${MIN_PRODUCTION_TOKEN_LENGTH} characters in production`;

const TIME_ZONE_NEEDED = 'must be the name of a time zone, such as Asia/Seoul';

// Environment variables are always text, so numbers and switches are also understood when written as text.

function wholeNumber(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  const number = z.int({ error }).min(min, { error }).max(max, { error });
  return z.preprocess((value) => (typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value), number);
}

function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, { error: `must be one of ${values.join(', ')}` });
}

const onOff = z.preprocess(
  (value) => (value === 'true' ? true : value === 'false' ? false : value),
  z.boolean({ error: 'must be true or false' }),
);

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format() !== '';
  } catch {
    return false;
  }
}

function urlOf(protocols: RegExp, error: string, isComplete: (url: URL) => boolean = () => true) {
  return z.string({ error }).refine(
    (value) => {
      const url = URL.canParse(value) ? new URL(value) : undefined;
      return url !== undefined && protocols.test(url.protocol) && url.hostname !== '' && isComplete(url);
    },
    { error },
  );
}

const settings = z.strictObject({
  profile: oneOf(PROFILES),
  http: z.strictObject({
    /** 0 takes any free port. */
    port: wholeNumber(0, 65_535),
    host: z.string({ error: 'must be an address to listen on' }).min(1),
    bodyLimitBytes: wholeNumber(1_024, 16_777_216),
    shutdownTimeoutMs: wholeNumber(100, 60_000),
  }),
  admin: z.strictObject({ token: z.string({ error: TOKEN_NEEDED }).min(1) }),
  redis: z.strictObject({
    url: urlOf(/^rediss?:$/, 'must be redis://host:port or rediss://host:port'),
    commandTimeoutMs: wholeNumber(10, 10_000),
    reconnectMaxDelayMs: wholeNumber(10, 60_000),
    breaker: z.strictObject({ failures: wholeNumber(1, 1_000), probeIntervalMs: wholeNumber(10, 60_000) }),
  }),
  database: z.strictObject({
    url: urlOf(
      /^(mysql|mariadb):$/,
      'must be mysql://user:password@host:port/schema',
      (url) => url.pathname.length > 1,
    ),
    poolSize: wholeNumber(4, 1_000),
    connectTimeoutMs: wholeNumber(100, 60_000),
    acquireTimeoutMs: wholeNumber(10, 600_000),
    statementTimeoutMs: wholeNumber(100, 3_600_000),
    leakWarningMs: wholeNumber(100, 3_600_000),
    migrateAtStart: onOff,
  }),
  log: z.strictObject({
    level: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'verbose']),
    format: oneOf(['text', 'json']),
  }),
  metrics: z.strictObject({
    /** false: nothing is timed, counted or sampled for /metrics, to measure what that costs. */
    enabled: onOff,
    probeIntervalMs: wholeNumber(50, 60_000),
    couponIntervalMs: wholeNumber(50, 600_000),
    maxCoupons: wholeNumber(1, 10_000),
  }),
  user: z.strictObject({ cacheSize: wholeNumber(1, 10_000_000), cacheTtlMs: wholeNumber(1_000, 86_400_000) }),
  coupon: z.strictObject({
    issueTimeoutMs: wholeNumber(50, 60_000),
    retentionDays: wholeNumber(1, 3_650),
    definitionRefreshMs: wholeNumber(50, 1_000),
    lock: z.strictObject({ maxConcurrent: wholeNumber(1, 499), waitMs: wholeNumber(100, 60_000) }),
    issuance: z.strictObject({
      batchSize: wholeNumber(1, 5_000),
      lingerMs: wholeNumber(0, 1_000),
      queueCapacity: wholeNumber(1, 10_000_000),
      retryMaxDelayMs: wholeNumber(10, 60_000),
    }),
    sweep: z.strictObject({ intervalMs: wholeNumber(100, 600_000) }),
    rebuild: z.strictObject({ chunkSize: wholeNumber(1, 100_000), lockTtlMs: wholeNumber(1_000, 600_000) }),
  }),
  ranking: z.strictObject({
    timeZone: z.string({ error: TIME_ZONE_NEEDED }).refine(isTimeZone, { error: TIME_ZONE_NEEDED }),
    readTimeoutMs: wholeNumber(10, 10_000),
    reconcile: z.strictObject({ intervalMs: wholeNumber(100, 3_600_000) }),
    backup: z.strictObject({ intervalMs: wholeNumber(100, 86_400_000), retentionDays: wholeNumber(1, 3_650) }),
  }),
  loadTest: z.strictObject({ seedAtStart: onOff }),
  faultPoint: z.string().min(1).optional(),
});

/** What `npm run migrate` needs: it serves nobody, so it wants neither a Redis nor a token for admin calls. */
export const databaseConfigSchema = z.object({ database: settings.shape.database });

type Settings = z.output<typeof settings>;
type PartialSettings = { [K in keyof Settings]?: Partial<Settings[K]> };

/** A rule across settings; checked even when other settings are wrong, so that all problems are named in one go. */
function rule(path: [string, ...string[]], error: string, isKept: (settings: PartialSettings) => boolean) {
  return z.refine<Settings>((value) => isKept(value), { path, error, when: ({ value }) => isObject(value) });
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

export const configSchema = settings.check(
  rule(
    ['admin', 'token'],
    `must have at least ${MIN_PRODUCTION_TOKEN_LENGTH} characters in production`,
    ({ profile, admin }) =>
      profile !== 'production' || admin?.token === undefined || admin.token.length >= MIN_PRODUCTION_TOKEN_LENGTH,
  ),
  rule(
    ['coupon', 'lock', 'maxConcurrent'],
    'must be less than half of database.poolSize: the issuer needs the other connections',
    ({ coupon, database }) =>
      coupon?.lock === undefined ||
      database?.poolSize === undefined ||
      coupon.lock.maxConcurrent < database.poolSize / 2,
  ),
  rule(
    ['loadTest', 'seedAtStart'],
    'must be false in production: test users and test coupons are not for there',
    ({ profile, loadTest }) => profile !== 'production' || loadTest?.seedAtStart !== true,
  ),
  rule(
    ['faultPoint'],
    'must not be set outside the test profile',
    ({ profile, faultPoint }) => profile === 'test' || faultPoint === undefined,
  ),
);

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** Every setting of the process, checked and read-only. */
export type Config = DeepReadonly<Settings>;
