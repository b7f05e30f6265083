import type { DataSource } from 'typeorm';
import { ConfigError } from '../config/read-config.js';
import { databaseErrorMessage, fromDriver, type Refusal, refusalOf } from './database-errors.js';

const PROBLEMS = {
  ACCESS_DENIED: () =>
    'database.url (DATABASE_URL) is not valid: the server denies access to this user, or it is a MariaDB that demands ' +
    'TLS: then set database.tls.mode (DATABASE_TLS_MODE)',
  TLS_DEMANDED: () =>
    'database.tls.mode (DATABASE_TLS_MODE) is "off": must be required, verify-ca or verify-full, since the server demands TLS',
  TLS_NOT_OFFERED: () => 'database.tls.mode (DATABASE_TLS_MODE) must be off, since the server does not offer TLS',
  CERTIFICATE_NOT_ACCEPTED: (reason) =>
    `database.tls (DATABASE_TLS_MODE, DATABASE_TLS_CA) does not accept the certificate of the server: ${reason}`,
  NOT_GALERA: () =>
    'database.galera (DATABASE_GALERA) is "on": must be auto or off, since the server is no node of a Galera cluster',
} satisfies Record<Refusal, (reason: string) => string>;

/**
 * Opens the first connection of a data source.
 *
 * @throws ConfigError when the server will never let us in with these settings; any other error may pass
 */
export async function connect<T extends DataSource>(dataSource: T): Promise<T> {
  try {
    await dataSource.initialize();
    return dataSource;
  } catch (error) {
    const refusal = refusalOf(fromDriver(error));
    throw refusal === undefined ? error : new ConfigError([PROBLEMS[refusal](databaseErrorMessage(error))]);
  }
}
