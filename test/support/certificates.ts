import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { atEndOfFile } from './cleanup.js';

/** Files of a server's certificate and its key. */
export interface ServerCertificate {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Signs the certificates of servers; its files are removed at the end of the test file. */
export class CertificateAuthority {
  private constructor(
    private readonly directory: string,
    private readonly name: string,
    private readonly pair: { readonly key: string; readonly cert: string },
  ) {}

  static async create(name: string): Promise<CertificateAuthority> {
    const directory = mkdtempSync(join(tmpdir(), 'firstcome-test-certificates-'));
    atEndOfFile(async () => rmSync(directory, { recursive: true, force: true }));
    const made = await generate([{ name: 'commonName', value: name }], {
      algorithm: 'sha256',
      extensions: [
        { name: 'basicConstraints', cA: true, critical: true },
        { name: 'keyUsage', keyCertSign: true, critical: true },
      ],
    });
    const authority = new CertificateAuthority(directory, name, { key: made.private, cert: made.cert });
    writeFileSync(authority.file, made.cert);
    return authority;
  }

  /** Of its own certificate. */
  get file(): string {
    return join(this.directory, `${this.name}.pem`);
  }

  /** A certificate for a server of this host name, and of no address. */
  async issue(hostName: string): Promise<ServerCertificate> {
    const made = await generate([{ name: 'commonName', value: hostName }], {
      algorithm: 'sha256',
      ca: this.pair,
      extensions: [
        { name: 'basicConstraints', cA: false },
        { name: 'subjectAltName', altNames: [{ type: 2, value: hostName }] },
      ],
    });
    const files = {
      certFile: join(this.directory, `${hostName}.pem`),
      keyFile: join(this.directory, `${hostName}.key`),
    };
    writeFileSync(files.certFile, made.cert);
    writeFileSync(files.keyFile, made.private);
    return files;
  }
}
