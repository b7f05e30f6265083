import { readFileSync } from 'node:fs';
import type { ConnectionOptions, SslOptions } from 'mysql2';
import type { Config } from '../config/config.schema.js';
import { hostOf, verifiesCertificate } from '../config/database-tls.js';

/** The settings that say where the server is, how it is reached, and what a session with it begins with. */
export type ConnectionSettings = Pick<Config['database'], 'url' | 'tls' | 'connectTimeoutMs' | 'galera'>;

/**
 * How a connection to MySQL is opened, whoever opens it: give it to the driver, then call `prepareSession` on the
 * connection before anything else.
 *
 * @throws Error when the file of `database.tls.ca` can no longer be read
 */
export function connectionOptions({ url, tls, connectTimeoutMs }: Omit<ConnectionSettings, 'galera'>) {
  const address = new URL(url);
  return {
    host: hostOf(address),
    port: address.port === '' ? 3306 : Number(address.port),
    user: decodeURIComponent(address.username),
    password: decodeURIComponent(address.password),
    database: decodeURIComponent(address.pathname.slice(1)),
    ...sslOptions(tls),
    connectTimeout: connectTimeoutMs,
    enableKeepAlive: true,
    charset: 'utf8mb4_unicode_ci',
    // DATETIME columns hold UTC. Our ids and sums stay below 2^53, so BIGINT may come back as a number.
    timezone: 'Z',
    supportBigNumbers: true,
    bigNumberStrings: false,
  } satisfies ConnectionOptions;
}

function sslOptions({ mode, ca }: ConnectionSettings['tls']): { ssl?: SslOptions } {
  if (mode === 'off') return {};
  return {
    ssl: {
      rejectUnauthorized: verifiesCertificate(mode),
      verifyIdentity: mode === 'verify-full',
      // Without a file: those who sign for everybody, whom Node knows.
      ...(ca === undefined ? {} : { ca: readFileSync(ca, 'utf8') }),
    },
  };
}
