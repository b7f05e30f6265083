import type { CertificateAuthority } from './certificates.js';
import { openDatabase } from './database.js';
import { freePort } from '../../scripts/services/free-port.mjs';
import { type PrivateServer, startPrivateMysql, startPrivateRedis } from './servers.js';

/** A migrated MySQL that lets nobody in without TLS; its certificate is for the host name alone. Its address. */
export async function startTlsMysql(authority: CertificateAuthority, hostName = 'localhost'): Promise<string> {
  const { certFile, keyFile } = await authority.issue(hostName);
  const extraArgs = [`--ssl-ca=${authority.file}`, `--ssl-cert=${certFile}`, `--ssl-key=${keyFile}`];
  const { url } = await startPrivateMysql({ extraArgs });
  // Only now, since whoever starts a server waits for it in plain text.
  await openDatabase(url).change('SET GLOBAL require_secure_transport = ON');
  return named(url);
}

/** A Redis at `rediss://`, beside the plain address of the same server. */
export async function startTlsRedis(
  authority: CertificateAuthority,
  hostName = 'localhost',
): Promise<{ server: PrivateServer; url: string }> {
  const { certFile, keyFile } = await authority.issue(hostName);
  const port = await freePort();
  const extraArgs = [
    ['--tls-port', String(port)],
    ['--tls-cert-file', certFile],
    ['--tls-key-file', keyFile],
    ['--tls-ca-cert-file', authority.file],
    ['--tls-auth-clients', 'no'],
  ].flat();
  const server = await startPrivateRedis({ extraArgs });
  return { server, url: `rediss://localhost:${port}` };
}

/** The same address by a name, which a certificate may be for. */
function named(url: string): string {
  const address = new URL(url);
  address.hostname = 'localhost';
  return address.href;
}
