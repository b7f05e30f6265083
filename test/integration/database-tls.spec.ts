import { beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { loadConfig } from '../../src/config.js';
import { ConfigError } from '../../src/platform/config/read-config.js';
import { connect } from '../../src/platform/database/connect.js';
import { dataSourceOptions } from '../../src/platform/database/data-source-options.js';
import { CertificateAuthority } from '../support/certificates.js';
import { startPrivateMysql } from '../support/servers.js';
import { startTlsMysql } from '../support/tls-servers.js';

let authority: CertificateAuthority;
let stranger: CertificateAuthority;
/** Demands TLS, with a certificate for `localhost`, by which it is asked. */
let url: string;

beforeAll(async () => {
  [authority, stranger] = await Promise.all([
    CertificateAuthority.create('authority'),
    CertificateAuthority.create('stranger'),
  ]);
  url = await startTlsMysql(authority);
});

interface Tls {
  readonly mode?: string;
  readonly ca?: string;
}

/** The cipher of a connection with these settings, empty when it is in plain text. */
async function cipherOf(databaseUrl: string, { mode = '', ca = '' }: Tls = {}): Promise<string | undefined> {
  const env = { DATABASE_URL: databaseUrl, DATABASE_TLS_MODE: mode, DATABASE_TLS_CA: ca };
  const { database } = loadConfig({ ...process.env, NODE_ENV: 'test', ...env });
  const dataSource = await connect(new DataSource(dataSourceOptions(database, [])));
  try {
    const [row] = await dataSource.query<Array<{ Value: string }>>("SHOW STATUS LIKE 'Ssl_cipher'");
    return row?.Value;
  } finally {
    await dataSource.destroy();
  }
}

const ENCRYPTED = expect.stringMatching(/\w+-\w+|TLS_\w+/);

/** What stops the start; @throws what else goes wrong */
async function problemOf(connecting: Promise<unknown>): Promise<string> {
  const error: unknown = await connecting.then(
    () => 'nothing',
    (reason: unknown) => reason,
  );
  if (!(error instanceof ConfigError)) throw error;
  expect(error.problems).toHaveLength(1);
  return error.problems[0] ?? '';
}

describe('a server that demands TLS', () => {
  it('is reached with any certificate when TLS is required', async () => {
    expect(await cipherOf(url, { mode: 'required' })).toEqual(ENCRYPTED);
  });

  it.each(['verify-ca', 'verify-full'])(
    'is reached by %s when the file has who signed its certificate',
    async (mode) => {
      expect(await cipherOf(url, { mode, ca: authority.file })).toEqual(ENCRYPTED);
    },
  );

  it.each(['verify-ca', 'verify-full'])('is refused by %s when someone else has signed', async (mode) => {
    const named = 'database.tls (DATABASE_TLS_MODE, DATABASE_TLS_CA) does not accept the certificate of the server: ';
    expect(await problemOf(cipherOf(url, { mode, ca: stranger.file }))).toContain(named);
    expect(await problemOf(cipherOf(url, { mode }))).toContain(named);
  });

  it('stops the start that asks for no TLS, with a line that says so', async () => {
    expect(await problemOf(cipherOf(url))).toMatch(/demands TLS.*|database\.tls\.mode \(DATABASE_TLS_MODE\)/);
  });

  it.each([
    'ssl-mode=REQUIRED',
    'sslmode=require',
    'sslaccept=accept_invalid_certs',
    'ssl={"rejectUnauthorized":false}',
  ])('is reached with ?%s', async (parameter) => {
    expect(await cipherOf(`${url}?${parameter}`)).toEqual(ENCRYPTED);
  });

  it.each([
    'ssl-mode=VERIFY_CA',
    'ssl-mode=VERIFY_IDENTITY',
    'sslmode=verify-ca',
    'sslmode=verify-full',
    'sslaccept=strict',
    'ssl=true',
    'ssl={"rejectUnauthorized":true}',
    'ssl={"verifyIdentity":true}',
  ])('is verified with ?%s', async (parameter) => {
    expect(await cipherOf(`${url}?${parameter}`, { ca: authority.file })).toEqual(ENCRYPTED);
    expect(await problemOf(cipherOf(`${url}?${parameter}`, { ca: stranger.file }))).toContain(
      'does not accept the certificate',
    );
  });
});

it('verify-full refuses a certificate for another host, which verify-ca takes', async () => {
  const other = await startTlsMysql(authority, 'db.example');
  expect(await cipherOf(other, { mode: 'verify-ca', ca: authority.file })).toEqual(ENCRYPTED);
  const problem = await problemOf(cipherOf(other, { mode: 'verify-full', ca: authority.file }));
  expect(problem).toContain('db.example');
});

it('a server without TLS is refused when TLS is required, and reached without', async () => {
  const plain = await startPrivateMysql({ extraArgs: ['--skip-ssl'] });
  expect(await problemOf(cipherOf(plain.url, { mode: 'required' }))).toBe(
    'database.tls.mode (DATABASE_TLS_MODE) must be off, since the server does not offer TLS',
  );
  expect(await cipherOf(plain.url)).toBe('');
});
