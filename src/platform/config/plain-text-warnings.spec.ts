import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../config.js';
import { plainTextWarnings } from './plain-text-warnings.js';

const PLAIN = {
  REDIS_URL: 'redis://:s3cret@redis.example:6379',
  DATABASE_URL: 'mysql://u:s3cret@db.example:3306/shop',
};

function warningsOf(env: NodeJS.ProcessEnv, profile = 'production'): string[] {
  return plainTextWarnings(
    loadConfig({
      NODE_ENV: profile,
      IDENTITY_MODE: 'trusted-callers',
      ADMIN_TOKEN: 'token-of-administrators-0123456789',
      ...PLAIN,
      ...env,
    }),
  );
}

describe('plainTextWarnings', () => {
  it('has a line for each server that production reaches without TLS', () => {
    expect(warningsOf({})).toEqual([
      'the connection to Redis on redis.example:6379 is not encrypted; rediss:// in redis.url (REDIS_URL) turns on TLS',
      'the connection to MySQL on db.example:3306 is not encrypted; database.tls.mode (DATABASE_TLS_MODE) turns on TLS',
    ]);
  });

  it('has a line for each sentinel, or node of a cluster', () => {
    expect(warningsOf({ REDIS_URL: 'redis+cluster://one.example:7000,127.0.0.1:7001,two.example:7002' })).toEqual([
      'the connection to Redis on one.example:7000 is not encrypted; rediss+cluster:// in redis.url (REDIS_URL) turns on TLS',
      'the connection to Redis on two.example:7002 is not encrypted; rediss+cluster:// in redis.url (REDIS_URL) turns on TLS',
      expect.stringContaining('MySQL'),
    ]);
  });

  it('has none for a server that is reached with TLS', () => {
    expect(warningsOf({ REDIS_URL: 'rediss://redis.example:6379', DATABASE_TLS_MODE: 'required' })).toEqual([]);
  });

  it.each(['localhost', '127.0.0.1', '127.8.0.1', '[::1]'])('has none for this machine itself, %s', (host) => {
    expect(warningsOf({ REDIS_URL: `redis://${host}:6379`, DATABASE_URL: `mysql://u@${host}:3306/shop` })).toEqual([]);
  });

  it.each(['local', 'test'])('has none under the profile %s', (profile) => {
    expect(warningsOf({}, profile)).toEqual([]);
  });
});
