import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { type AppConfig, loadConfig } from './config.js';
import { CONNECTION_CLASSES } from './connection-classes.js';
import { PROFILES } from './platform/config/config.schema.js';
import { ConfigError } from './platform/config/read-config.js';

const SERVICES = { REDIS_URL: 'redis://127.0.0.1:6379', DATABASE_URL: 'mysql://root:pass@127.0.0.1:3306/firstcome' };
const LONG_TOKEN = 'token-of-administrators-0123456789';
/** What production wants besides the servers. */
const PRODUCTION = { ...SERVICES, IDENTITY_MODE: 'trusted-callers', ADMIN_TOKEN: LONG_TOKEN };

const directory = mkdtempSync(join(tmpdir(), 'firstcome-config-'));
afterAll(() => rmSync(directory, { recursive: true }));
/** A file with a certificate, any of those that Node brings. */
const CA = join(directory, 'ca.pem');
writeFileSync(CA, rootCertificates[0] ?? '');

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

function local(env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { NODE_ENV: 'local', ...SERVICES, ...env };
}

function withParameters(parameters: string, env: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return local({ DATABASE_URL: `mysql://root:s3cret@db.example:3306/firstcome?${parameters}`, ...env });
}

describe('loadConfig', () => {
  it('takes the defaults, the profile over them and the environment over both', () => {
    const config = loadConfig({ NODE_ENV: 'test', ...SERVICES, PORT: '0', COUPON_ISSUANCE_LINGER_MS: '7' });

    expect(config.profile).toBe('test');
    expect(config.http).toEqual({
      port: 0,
      host: '127.0.0.1',
      bodyLimitBytes: 65_536,
      headersTimeoutMs: 10_000,
      requestTimeoutMs: 30_000,
      timeoutCheckIntervalMs: 5_000,
      keepAliveTimeoutMs: 72_000,
      maxConnections: 50_000,
      hstsMaxAgeSeconds: 0,
      cors: { origins: [] },
      trustProxy: [],
      shutdownTimeoutMs: 5_000,
    });
    expect(config.admin.token).toBe('local-admin');
    expect(config.coupon.sweep.intervalMs).toBe(500);
    expect(config.coupon.issuance).toEqual({
      transport: 'in-process',
      batchSize: 500,
      lingerMs: 7,
      queueCapacity: 100_000,
      queueShare: 20_000,
      retryMaxDelayMs: 1_000,
      maxConnections: 6,
      reservedConnections: 3,
      maxRetrying: 3,
    });
    expect(config.database.migrateAtStart).toBe(true);
    expect(config.loadTest.seedAtStart).toBe(true);
    expect(config.redis.url).toBe(SERVICES.REDIS_URL);
  });

  it('is production when NODE_ENV is not set or empty, with JSON logs, no migration and no seeding', () => {
    for (const NODE_ENV of [undefined, '', 'production']) {
      const config = loadConfig({ NODE_ENV, ...PRODUCTION });

      expect(config.profile).toBe('production');
      expect(config.log).toEqual({ level: 'info', format: 'json' });
      expect(config.database.migrateAtStart).toBe(false);
      expect(config.loadTest.seedAtStart).toBe(false);
      expect(config.rpc).toEqual({ campaignDays: 30, discountRate: 10, openAccess: false });
    }
  });

  it('opens the campaign RPC to everyone under local and test, and never in production', () => {
    for (const NODE_ENV of ['local', 'test']) expect(loadConfig({ NODE_ENV, ...SERVICES }).rpc.openAccess).toBe(true);

    const production = { NODE_ENV: 'production', ...PRODUCTION };
    expect(problemsOf({ ...production, RPC_OPEN_ACCESS: 'true' })).toEqual([
      'rpc.openAccess (RPC_OPEN_ACCESS) is "true": must be false in production, where only administrators create campaigns and see their codes',
    ]);
  });

  it('takes origins with commas between, as browsers send them', () => {
    const HTTP_CORS_ORIGINS = 'https://shop.example, http://localhost:5173';
    expect(loadConfig(local({ HTTP_CORS_ORIGINS })).http.cors.origins).toEqual([
      'https://shop.example',
      'http://localhost:5173',
    ]);
    for (const wrong of ['*', 'https://shop.example/', 'https://Shop.example', 'shop.example', 'null', '']) {
      expect(problemsOf(local({ HTTP_CORS_ORIGINS: `https://a.example,${wrong}` }))).toEqual([
        `http.cors.origins (HTTP_CORS_ORIGINS) is "https://a.example,${wrong}": must be origins as browsers send them, such as https://shop.example, with commas between; "${wrong}" is none`,
      ]);
    }
  });

  it('takes the networks of proxies, and names one that is none', () => {
    const HTTP_TRUST_PROXY = '10.0.0.0/8,192.0.2.1, 2001:db8::/32,::1';
    expect(loadConfig(local({ HTTP_TRUST_PROXY })).http.trustProxy).toEqual([
      '10.0.0.0/8',
      '192.0.2.1',
      '2001:db8::/32',
      '::1',
    ]);
    for (const wrong of [
      '10.0.0.0/33',
      '0.0.0.0/0',
      '::/0',
      '10.0.0/8',
      'loopback',
      '2001:db8::/129',
      '1.2.3.4/8/8',
      '',
    ]) {
      expect(problemsOf(local({ HTTP_TRUST_PROXY: `10.0.0.0/8,${wrong}` }))).toEqual([
        `http.trustProxy (HTTP_TRUST_PROXY) is "10.0.0.0/8,${wrong}": must be addresses or networks of proxies, such as 10.0.0.0/8, with commas between; "${wrong}" is none`,
      ]);
    }
  });

  it('listens for this machine alone, and for everyone in production, where operators have a port of their own', () => {
    expect(loadConfig(local())).toMatchObject({ http: { host: '127.0.0.1' }, management: { host: '127.0.0.1' } });
    expect(loadConfig(local()).management.port).toBeUndefined();
    expect(loadConfig(local({ HOST: '0.0.0.0' })).http.host).toBe('0.0.0.0');

    const production = loadConfig({ NODE_ENV: 'production', ...PRODUCTION });
    expect(production.http).toMatchObject({ port: 8080, host: '0.0.0.0' });
    expect(production.management).toEqual({ port: 9080, host: '127.0.0.1' });
  });

  it('wants a management port that is another one', () => {
    expect(problemsOf(local({ PORT: '9080', MANAGEMENT_PORT: '9080' }))).toEqual([
      'management.port (MANAGEMENT_PORT) is "9080": must not be http.port (PORT): the public port has neither metrics nor dashboard then',
    ]);
    expect(problemsOf(local({ PORT: '0', MANAGEMENT_PORT: '0' }))).toEqual([]);
  });

  it('has a complete configuration for every profile', () => {
    for (const NODE_ENV of PROFILES) {
      expect(problemsOf({ NODE_ENV, ...PRODUCTION })).toEqual([]);
    }
  });

  it('refuses a NODE_ENV it does not know', () => {
    expect(problemsOf({ NODE_ENV: 'staging', ...SERVICES })).toEqual([
      'NODE_ENV is "staging": must be one of local, test, production',
    ]);
  });

  it('is frozen all the way down', () => {
    const config = loadConfig(local()) as { coupon: { lock: { waitMs: number } } } & AppConfig;

    expect(() => {
      config.coupon.lock.waitMs = 1;
    }).toThrow(TypeError);
  });

  it('names every problem at once, with its variable, what is wrong and what is allowed', () => {
    const env = local({
      PORT: 'eighty',
      LOG_LEVEL: 'loud',
      COUPON_RETENTION_DAYS: '0',
      DATABASE_MIGRATE_AT_START: 'yes',
    });

    expect(problemsOf({ ...env, REDIS_URL: '', FAULT_POINT: 'after-commit' }).toSorted()).toEqual([
      'coupon.retentionDays (COUPON_RETENTION_DAYS) is "0": must be a whole number from 1 to 3650',
      'database.migrateAtStart (DATABASE_MIGRATE_AT_START) is "yes": must be true or false',
      'faultPoint (FAULT_POINT) is "after-commit": must not be set outside the test profile',
      'http.port (PORT) is "eighty": must be a whole number from 0 to 65535',
      'log.level (LOG_LEVEL) is "loud": must be one of fatal, error, warn, info, debug, verbose',
      'redis.url (REDIS_URL) is missing: must be redis://host:port, redis+sentinel://host:port,host:port/0?name=mymaster or redis+cluster://host:port,host:port, each with TLS as rediss',
    ]);
  });

  it('asks the server whether it is a node of a Galera cluster, unless it is told', () => {
    expect(loadConfig(local()).database.galera).toBe('auto');
    expect(loadConfig(local({ DATABASE_GALERA: 'on' })).database.galera).toBe('on');
    expect(problemsOf(local({ DATABASE_GALERA: 'maybe' }))).toEqual([
      'database.galera (DATABASE_GALERA) is "maybe": must be one of auto, on, off',
    ]);
  });

  it('keeps lock coupons below half of the connection pool', () => {
    expect(problemsOf(local({ COUPON_LOCK_MAX_CONCURRENT: '9', DATABASE_POOL_SIZE: '20' }))).toEqual([]);
    expect(problemsOf(local({ COUPON_LOCK_MAX_CONCURRENT: '10', DATABASE_POOL_SIZE: '20' }))).toEqual([
      'coupon.lock.maxConcurrent (COUPON_LOCK_MAX_CONCURRENT) is "10": must be 9 or less: less than half of database.poolSize (DATABASE_POOL_SIZE), since the issuer needs the other connections',
    ]);
  });

  it('keeps no more connections for the issuer than it may have', () => {
    const few = { COUPON_ISSUANCE_MAX_RETRYING: '1' };
    expect(problemsOf(local({ ...few, COUPON_ISSUANCE_MAX_CONNECTIONS: '3' }))).toEqual([]);
    expect(problemsOf(local({ ...few, COUPON_ISSUANCE_MAX_CONNECTIONS: '2' }))).toEqual([
      'coupon.issuance.reservedConnections (COUPON_ISSUANCE_RESERVED_CONNECTIONS) is 3: must be 2 or less: not more than coupon.issuance.maxConnections (COUPON_ISSUANCE_MAX_CONNECTIONS)',
    ]);
  });

  it('keeps a connection of the issuer free of attempts that follow a failed one', () => {
    expect(problemsOf(local({ COUPON_ISSUANCE_MAX_RETRYING: '5' }))).toEqual([]);
    expect(problemsOf(local({ COUPON_ISSUANCE_MAX_RETRYING: '6' }))).toEqual([
      'coupon.issuance.maxRetrying (COUPON_ISSUANCE_MAX_RETRYING) is "6": must be 5 or less: less than coupon.issuance.maxConnections (COUPON_ISSUANCE_MAX_CONNECTIONS), since coupons that are well need the other connections',
    ]);
  });

  it('has a connection for each class of callers, and one for the rest', () => {
    const smallest = String(CONNECTION_CLASSES.length + 1);
    const tooSmall = String(CONNECTION_CLASSES.length);
    expect(problemsOf(local({ COUPON_LOCK_MAX_CONCURRENT: '1', DATABASE_POOL_SIZE: smallest }))).toEqual([]);
    expect(problemsOf(local({ COUPON_LOCK_MAX_CONCURRENT: '1', DATABASE_POOL_SIZE: tooSmall }))).toEqual([
      `database.poolSize (DATABASE_POOL_SIZE) is "${tooSmall}": must be a whole number from ${smallest} to 1000`,
    ]);
  });

  it.each(['3', '5', '6', '8', '11', '14'])(
    'says of a pool of %s what must go down with it, to which values',
    (size) => {
      let env = local({
        DATABASE_POOL_SIZE: size,
        COUPON_LOCK_MAX_CONCURRENT: '499',
        COUPON_ISSUANCE_MAX_CONNECTIONS: '2',
      });
      const problems = problemsOf(env);
      for (const problem of problems) {
        const [, variable = '', most, least] =
          /\(([A-Z_]+)\) is .*: must be (?:(\d+) or less|a whole number from (\d+))/.exec(problem) ?? [];
        env = { ...env, [variable]: most ?? least };
      }
      expect(problems.join()).toContain('DATABASE_POOL_SIZE');
      expect(problemsOf(env)).toEqual([]);
    },
  );

  it('deletes no unpaid order before it has expired', () => {
    expect(loadConfig(local()).order).toEqual({
      refundDays: 7,
      expireAfterMinutes: 30,
      expiryIntervalMs: 30_000,
      retentionDays: 90,
    });
    const aDay = { ORDER_RETENTION_DAYS: '1' };
    expect(problemsOf(local({ ...aDay, ORDER_EXPIRE_AFTER_MINUTES: '1440' }))).toEqual([]);
    expect(problemsOf(local({ ...aDay, ORDER_EXPIRE_AFTER_MINUTES: '1441' }))).toEqual([
      'order.expireAfterMinutes (ORDER_EXPIRE_AFTER_MINUTES) is "1441": must be 1440 or less: not longer than order.retentionDays (ORDER_RETENTION_DAYS), after which orders that were never paid are deleted',
    ]);
    expect(problemsOf(local({ ORDER_REFUND_DAYS: '0', ORDER_EXPIRE_AFTER_MINUTES: '0' }))).toEqual([
      'order.refundDays (ORDER_REFUND_DAYS) is "0": must be a whole number from 1 to 3650',
      'order.expireAfterMinutes (ORDER_EXPIRE_AFTER_MINUTES) is "0": must be a whole number from 1 to 43200',
    ]);
  });

  it('does not judge by a setting that is no number', () => {
    expect(problemsOf(local({ DATABASE_POOL_SIZE: 'many' }))).toEqual([
      'database.poolSize (DATABASE_POOL_SIZE) is "many": must be a whole number from 5 to 1000',
    ]);
  });

  it('allows a fault point in the test profile', () => {
    expect(loadConfig({ NODE_ENV: 'test', ...SERVICES, FAULT_POINT: 'after-commit' }).faultPoint).toBe('after-commit');
    expect(loadConfig(local()).faultPoint).toBeUndefined();
  });

  describe('in production', () => {
    it('needs an admin token of at least 32 characters, and does not print a shorter one', () => {
      const short = `secret-${'x'.repeat(24)}`;

      expect(short).toHaveLength(31);
      expect(problemsOf({ ...PRODUCTION, ADMIN_TOKEN: short })).toEqual([
        'admin.token (ADMIN_TOKEN) is not valid: must have at least 32 characters in production, 4 of them different',
      ]);
      expect(problemsOf({ ...PRODUCTION, ADMIN_TOKEN: 'abc'.repeat(11) })).toEqual([
        'admin.token (ADMIN_TOKEN) is not valid: must have at least 32 characters in production, 4 of them different',
      ]);
      expect(problemsOf({ ...PRODUCTION, ADMIN_TOKEN: '' })).toEqual([
        'admin.token (ADMIN_TOKEN) is missing: must be given in production, with at least 32 characters, unless admin.keys (ADMIN_KEYS) has a key of the role admin',
      ]);
    });

    it('cannot be told to seed test data', () => {
      expect(problemsOf({ ...PRODUCTION, LOAD_TEST_SEED_AT_START: 'true' })).toEqual([
        'loadTest.seedAtStart (LOAD_TEST_SEED_AT_START) is "true": must be false in production, where there are neither test users nor test coupons',
      ]);
    });
  });

  describe('TLS to MySQL', () => {
    it.each([
      ['', 'off'],
      ['ssl-mode=DISABLED', 'off'],
      ['ssl-mode=REQUIRED', 'required'],
      ['ssl-mode=required', 'required'],
      ['ssl-mode=VERIFY_CA', 'verify-ca'],
      ['ssl-mode=VERIFY_IDENTITY', 'verify-full'],
      ['sslmode=disable', 'off'],
      ['sslmode=require', 'required'],
      ['sslmode=verify-ca', 'verify-ca'],
      ['sslmode=verify-full', 'verify-full'],
      ['sslaccept=accept_invalid_certs', 'required'],
      ['sslaccept=strict', 'verify-full'],
      ['ssl=false', 'off'],
      ['ssl=true', 'verify-ca'],
      ['ssl={}', 'verify-ca'],
      ['ssl={"rejectUnauthorized":true}', 'verify-ca'],
      ['ssl=%7B%22rejectUnauthorized%22%3Afalse%7D', 'required'],
      ['ssl={"rejectUnauthorized":true,"verifyIdentity":true}', 'verify-full'],
      ['sslmode=require&sslaccept=strict', 'verify-full'],
    ])('?%s in the URL is %s', (parameters, mode) => {
      expect(loadConfig(withParameters(parameters)).database.tls.mode).toBe(mode);
    });

    it.each([
      ['ssl-mode=REQUIRED', 'verify-ca', 'verify-ca'],
      ['ssl-mode=VERIFY_IDENTITY', 'required', 'verify-full'],
      ['ssl-mode=DISABLED', 'required', 'required'],
      ['', 'verify-full', 'verify-full'],
    ])('of ?%s and the setting %s the stricter one holds', (parameters, DATABASE_TLS_MODE, mode) => {
      expect(loadConfig(withParameters(parameters, { DATABASE_TLS_MODE })).database.tls.mode).toBe(mode);
    });

    it.each([
      ['sslcert=s3cret', 'must have no parameters but ssl-mode, sslmode, sslaccept, ssl; "sslcert" is not known'],
      [
        'ssl-mode=PREFERRED',
        'must give its parameter ssl-mode as one of DISABLED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY',
      ],
      ['sslmode=prefer', 'must give its parameter sslmode as one of disable, require, verify-ca, verify-full'],
      ['sslaccept=maybe', 'must give its parameter sslaccept as one of accept_invalid_certs, strict'],
      ...[
        'yes',
        '1',
        '[]',
        '{"ca":"s3cret"}',
        '{"rejectUnauthorized":1}',
        '{"rejectUnauthorized":false,"verifyIdentity":true}',
      ].map((value) => [
        `ssl=${value}`,
        'must give its parameter ssl as true, false or JSON with rejectUnauthorized and verifyIdentity',
      ]),
      ['ssl-mode=DISABLED&sslaccept=strict', 'must not both ask for TLS and turn it off'],
      ['sslmode=require&sslmode=disable', 'must not both ask for TLS and turn it off'],
    ])('?%s stops the start', (parameters, problem) => {
      expect(problemsOf(withParameters(parameters))).toEqual([`database.url (DATABASE_URL) is not valid: ${problem}`]);
    });

    it('wants a file of certificates, for a mode that verifies them', () => {
      const wanted = 'must be a file that can be read and has certificates in PEM form';
      const verifying = { DATABASE_TLS_MODE: 'verify-ca' };
      const missing = '/no/such/file.pem';
      const noCertificate = fileURLToPath(new URL('../package.json', import.meta.url));

      expect(loadConfig(local({ ...verifying, DATABASE_TLS_CA: CA })).database.tls).toEqual({
        mode: 'verify-ca',
        ca: CA,
      });
      expect(problemsOf(local({ ...verifying, DATABASE_TLS_CA: missing }))).toEqual([
        `database.tls.ca (DATABASE_TLS_CA) is "${missing}": ${wanted}`,
      ]);
      expect(problemsOf(local({ ...verifying, DATABASE_TLS_CA: noCertificate }))).toEqual([
        `database.tls.ca (DATABASE_TLS_CA) is "${noCertificate}": ${wanted}`,
      ]);
      for (const DATABASE_TLS_MODE of ['off', 'required']) {
        expect(problemsOf(local({ DATABASE_TLS_MODE, DATABASE_TLS_CA: CA }))).toEqual([
          `database.tls.ca (DATABASE_TLS_CA) is "${CA}": must not be set unless database.tls.mode (DATABASE_TLS_MODE) is verify-ca or verify-full`,
        ]);
      }
      expect(loadConfig(withParameters('sslmode=verify-ca', { DATABASE_TLS_CA: CA })).database.tls.ca).toBe(CA);
    });

    it.each(['10.0.0.7', '[::1]'])('cannot verify that a certificate is for the address %s', (host) => {
      const url = `mysql://root@${host}:3306/firstcome`;

      expect(problemsOf(local({ DATABASE_URL: url, DATABASE_TLS_MODE: 'verify-ca' }))).toEqual([]);
      expect(problemsOf(local({ DATABASE_URL: url, DATABASE_TLS_MODE: 'verify-full' }))).toEqual([
        'database.url (DATABASE_URL) is not valid: must have a host name for verify-full: the driver does not verify the address in a certificate',
      ]);
    });

    it('names a mode that it does not know', () => {
      expect(problemsOf(local({ DATABASE_TLS_MODE: 'preferred' }))).toEqual([
        'database.tls.mode (DATABASE_TLS_MODE) is "preferred": must be one of off, required, verify-ca, verify-full',
      ]);
    });
  });

  it('takes a file of certificates for Redis at rediss:// only', () => {
    const REDIS_TLS_CA = CA;

    expect(loadConfig(local({ REDIS_URL: 'rediss://host:6380', REDIS_TLS_CA })).redis.tls.ca).toBe(REDIS_TLS_CA);
    expect(problemsOf(local({ REDIS_TLS_CA }))).toEqual([
      `redis.tls.ca (REDIS_TLS_CA) is "${REDIS_TLS_CA}": must not be set unless redis.url (REDIS_URL) begins with rediss:// (or rediss+sentinel://, rediss+cluster://)`,
    ]);
  });

  it('wants what is special in a URL to be escaped', () => {
    expect(problemsOf(local({ DATABASE_URL: 'mysql://root:100%@host/firstcome' }))).toEqual([
      'database.url (DATABASE_URL) is not valid: must be mysql://user:password@host:port/schema',
    ]);
    expect(problemsOf(local({ DATABASE_URL: 'mysql://root:100%25@host/firstcome' }))).toEqual([]);
  });

  it('never prints a secret', () => {
    const env = local({ REDIS_URL: 'http://:s3cret@host', DATABASE_URL: 'mysql://root:s3cret@host' });

    expect(problemsOf(env)).toEqual([
      'redis.url (REDIS_URL) is not valid: must be redis://host:port, redis+sentinel://host:port,host:port/0?name=mymaster or redis+cluster://host:port,host:port, each with TLS as rediss',
      'database.url (DATABASE_URL) is not valid: must be mysql://user:password@host:port/schema',
    ]);
  });
});
