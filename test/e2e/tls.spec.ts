import { beforeAll, describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { ApiClient } from '../support/api-client.js';
import { startApp } from '../support/app-process.js';
import { CertificateAuthority } from '../support/certificates.js';
import { testDatabaseUrl } from '../support/database.js';
import { expectConsistent } from '../support/drop.js';
import { eventually } from '../support/poll.js';
import { openRedis } from '../support/redis.js';
import { runCommand } from '../support/run-command.js';
import { type PrivateServer } from '../support/servers.js';
import { startTlsMysql, startTlsRedis } from '../support/tls-servers.js';
import { newUserId } from '../support/unique-ids.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const MIGRATE = fileURLToPath(new URL('../../dist/migrate.js', import.meta.url));
const PRODUCTION = {
  NODE_ENV: 'production',
  IDENTITY_MODE: 'trusted-callers',
  ADMIN_TOKEN: 'token-of-administrators-0123456789',
};

let authority: CertificateAuthority;
let stranger: CertificateAuthority;
let databaseUrl: string;
let redisServer: PrivateServer;
let redisUrl: string;

beforeAll(async () => {
  [authority, stranger] = await Promise.all([
    CertificateAuthority.create('authority'),
    CertificateAuthority.create('stranger'),
  ]);
  databaseUrl = await startTlsMysql(authority);
  ({ server: redisServer, url: redisUrl } = await startTlsRedis(authority));
});

describe('an application whose servers demand TLS', () => {
  it('issues coupons with both servers verified, and says nothing to either in plain text', async () => {
    const env = {
      DATABASE_URL: databaseUrl,
      DATABASE_TLS_MODE: 'verify-full',
      DATABASE_TLS_CA: authority.file,
      REDIS_URL: redisUrl,
      REDIS_TLS_CA: authority.file,
    };
    const api = new ApiClient((await startApp({ env, waitFor: '/health/ready' })).url);
    const { couponId } = await api.createCoupon();
    expect(await api.issue(couponId, newUserId())).toMatchObject({ status: 200, body: { status: 'ISSUED' } });
    await expectConsistent(api, couponId);

    const { port } = new URL(redisUrl);
    const clients = String(await openRedis(redisServer.url).client('LIST'))
      .trim()
      .split('\n');
    const others = clients.filter((client) => !client.includes('cmd=client'));
    expect(others.length).toBeGreaterThan(0);
    expect(others.filter((client) => !client.includes(`laddr=127.0.0.1:${port} `))).toEqual([]);
  });

  it('does not talk to a Redis whose certificate someone else has signed', async () => {
    const env = { DATABASE_URL: testDatabaseUrl(), REDIS_URL: redisUrl, REDIS_TLS_CA: stranger.file };
    const app = await startApp({ env, waitFor: '/health/live' });
    const api = new ApiClient(app.url);
    const { couponId } = await api.createCoupon();
    expect(await api.reserve(couponId, newUserId())).toMatchObject({ status: 503, error: 'RESERVATION_UNAVAILABLE' });
    await eventually(async () => expect(await app.metric('firstcome_dependency_up')).toBe(1));
  });
});

describe('a start that cannot succeed', () => {
  it.each([
    ['no TLS is asked for', {}, /^ {2}.*demands TLS.*$/],
    [
      'someone else has signed the certificate',
      () => ({ DATABASE_TLS_MODE: 'verify-ca', DATABASE_TLS_CA: stranger.file }),
      /^ {2}database\.tls \(DATABASE_TLS_MODE, DATABASE_TLS_CA\) does not accept the certificate of the server: self-signed certificate in certificate chain$/,
    ],
    [
      'the file of certificates is not there',
      { DATABASE_TLS_MODE: 'verify-ca', DATABASE_TLS_CA: '/no/such/file.pem' },
      /^ {2}database\.tls\.ca \(DATABASE_TLS_CA\) is "\/no\/such\/file\.pem": must be a file that can be read/,
    ],
  ])('ends at once with one line when %s, and so does the migration', async (_when, settings, line) => {
    const tls = typeof settings === 'function' ? settings() : settings;
    const env = { ...PRODUCTION, DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, ...tls };
    const { code, out, err } = await runCommand(MAIN, [], env);
    expect(code).toBe(1);
    const [title, problem, ...more] = err.trimEnd().split('\n');
    expect(title).toBe('The configuration is not valid:');
    expect(problem).toMatch(line);
    expect(more).toEqual([]);
    expect(out).not.toMatch(/error|fatal|Retrying/i);

    const migration = await runCommand(MIGRATE, [], env);
    expect(migration.code).toBe(1);
    expect(migration.all.split('\n')[1]).toBe(problem);
  });
});

it('npm run migrate verifies the server as the application does', async () => {
  const env = { DATABASE_URL: databaseUrl, DATABASE_TLS_MODE: 'verify-full', DATABASE_TLS_CA: authority.file };
  const { code, all } = await runCommand(MIGRATE, [], { NODE_ENV: 'production', ...env });
  expect({ code, all }).toEqual({ code: 0, all: 'nothing to migrate\n' });
});

it('production says once of each server that it is reached in plain text, unless it is on this machine', async () => {
  const database = new URL(testDatabaseUrl());
  const redis = new URL(redisServer.url);
  // This machine, by a name that does not say so.
  database.hostname = redis.hostname = '127.1';
  const env = { ...PRODUCTION, DATABASE_URL: database.href, REDIS_URL: redis.href };
  const app = await startApp({ env, waitFor: '/health/live' });
  expect(app.logs.match(/the connection to \w+ on [\w.:]+ is not encrypted/g)).toEqual([
    `the connection to Redis on ${redis.host} is not encrypted`,
    `the connection to MySQL on ${database.host} is not encrypted`,
  ]);
});
