import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atEndOfFile } from './cleanup.js';
import type { TokenIssuer } from './tokens.js';

/** How it answers: with its keys, not at all, or with something that is no key set. */
export type Manner = 'well' | 'never' | 'with an error' | 'with nonsense';

/** The key server of an identity provider. */
export class KeyServer {
  manner: Manner = 'well';
  issuers: readonly TokenIssuer[] = [];
  /** How often it was asked. */
  asked = 0;
  private readonly held: ServerResponse[] = [];
  private readonly server: Server;
  private port = 0;

  private constructor() {
    this.server = createServer((_request, response) => void this.answer(response));
  }

  static async open(...issuers: TokenIssuer[]): Promise<KeyServer> {
    const keys = new KeyServer();
    keys.issuers = issuers;
    await keys.listen();
    atEndOfFile(() => keys.close());
    return keys;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/keys`;
  }

  /** Nobody listens any more. */
  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Listens again, where it did before. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  private async answer(response: ServerResponse): Promise<void> {
    this.asked += 1;
    if (this.manner === 'never') return void this.held.push(response);
    if (this.manner === 'with an error') response.statusCode = 500;
    const keys = await Promise.all(this.issuers.map((issuer) => issuer.jwk()));
    response.setHeader('content-type', 'application/json');
    response.end(this.manner === 'with nonsense' ? '{"keys": 7}' : JSON.stringify({ keys }));
  }
}
