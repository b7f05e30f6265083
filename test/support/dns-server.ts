import type { Socket } from 'node:dgram';
import { startDnsServer } from '../../scripts/services/dns-server.mjs';
import { atEndOfFile } from './cleanup.js';

/** Stands in for Docker's DNS: whatever name is asked for has these IPv4 addresses, and none else. */
export class DnsServer {
  private constructor(private readonly socket: Socket) {}

  /** Listens on a free UDP port of 127.0.0.1; closed at the end of the test file. */
  static async start(addresses: readonly string[]): Promise<DnsServer> {
    const socket = await startDnsServer(addresses.map((address) => ({ address })));
    atEndOfFile(async () => void socket.close());
    return new DnsServer(socket);
  }

  /** Where it listens, as `host:port`. */
  get address(): string {
    return `127.0.0.1:${this.socket.address().port}`;
  }
}
