import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../config.js';
import { configSummary } from './config-summary.js';
import { SECRET_SETTINGS } from './config.schema.js';

const SECRETS = {
  ENTRY_TICKET_SECRET: 'entry-secret-of-32-characters-or-more',
  ENTRY_TICKET_PREVIOUS_SECRET: 'entry-secret-before-of-32-characters',
  ENTRY_TICKET_TURNSTILE_SECRET_KEY: 'turnstile-secret',
  IDENTITY_MODE: 'required',
  IDENTITY_SECRET: 'identity-secret-of-32-bytes-or-more',
  IDENTITY_LINK_SECRET: 'link-secret-of-32-bytes-or-even-more',
  IDENTITY_ISSUER: 'https://issuer.example',
  IDENTITY_AUDIENCE: 'firstcome',
  ADMIN_TOKEN: 'token:with-a-colon-and-32-characters',
  REDIS_URL: 'rediss://redisuser:redispassword@redis.example:6380/3?password=redisoption',
  DATABASE_URL: 'mysql://dbuser:dbpassword@db.example:3306/shop?ssl-mode=required',
};

describe('configSummary', () => {
  const summary = configSummary(
    loadConfig({
      NODE_ENV: 'production',
      PORT: '8099',
      HTTP_CORS_ORIGINS: 'https://a.example,https://b.example',
      ...SECRETS,
    }),
  );
  const ofSentinels = configSummary(
    loadConfig({
      NODE_ENV: 'production',
      ...SECRETS,
      REDIS_URL: 'redis+sentinel://redisuser:redispassword@one:26379,two:26379/0?name=mymaster',
      REDIS_SENTINEL_PASSWORD: 'sentinelpassword',
      KAFKA_USERNAME: 'producer',
      KAFKA_PASSWORD: 'kafkapassword',
    }),
  );

  it('names every setting on one line, and where the servers are', () => {
    expect(summary).not.toContain('\n');
    for (const setting of [
      'profile=production',
      'http.port=8099',
      'http.cors.origins=https://a.example,https://b.example',
      'redis.url=rediss://redis.example:6380/3',
      'database.url=mysql://db.example:3306/shop',
      'database.tls.mode=required',
      'coupon.issuance.batchSize=500',
      'admin.token=(set)',
    ]) {
      expect(summary.split(' ')).toContain(setting);
    }
  });

  it('names all sentinels', () => {
    expect(ofSentinels.split(' ')).toContain('redis.url=redis+sentinel://one:26379,two:26379');
  });

  it('has no secret in it', () => {
    for (const secret of [
      'token:with',
      'identity-secret',
      'link-secret',
      'entry-secret',
      'turnstile-secret',
      'redisuser',
      'redispassword',
      'redisoption',
      'dbuser',
      'dbpassword',
      'ssl-mode',
      'sentinelpassword',
      'kafkapassword',
    ]) {
      expect(summary).not.toContain(secret);
      expect(ofSentinels).not.toContain(secret);
    }
    // A secret and a public key are not given together.
    const given = [...SECRET_SETTINGS].filter((name) => name !== 'identity.publicKey');
    expect(given.filter((name) => !ofSentinels.includes(`${name}=`))).toEqual([]);
  });
});
