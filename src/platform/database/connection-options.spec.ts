import { describe, expect, it } from '@jest/globals';
import { connectionOptions } from './connection-options.js';

function optionsOf(url: string) {
  return connectionOptions({ url, tls: { mode: 'off' }, connectTimeoutMs: 3000 });
}

describe('connectionOptions', () => {
  it('has every part of the address', () => {
    expect(optionsOf('mysql://app:pass@db.example:3307/shop?ssl-mode=DISABLED')).toMatchObject({
      host: 'db.example',
      port: 3307,
      user: 'app',
      password: 'pass',
      database: 'shop',
      connectTimeout: 3000,
    });
  });

  it('reads what is escaped in a URL, and knows the port of MySQL', () => {
    expect(optionsOf('mysql://a%40b:p%2Fa%3Fs%23s%25@[::1]/sh%20op')).toMatchObject({
      host: '::1',
      port: 3306,
      user: 'a@b',
      password: 'p/a?s#s%',
      database: 'sh op',
    });
  });

  it.each([
    ['required', { rejectUnauthorized: false, verifyIdentity: false }],
    ['verify-ca', { rejectUnauthorized: true, verifyIdentity: false }],
    ['verify-full', { rejectUnauthorized: true, verifyIdentity: true }],
  ] as const)('encrypts with %s', (mode, ssl) => {
    const options = connectionOptions({ url: 'mysql://u@h/d', tls: { mode }, connectTimeoutMs: 3000 });
    expect(options).toMatchObject({ ssl });
    expect(optionsOf('mysql://u@h/d')).not.toHaveProperty('ssl');
  });
});
