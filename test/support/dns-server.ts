import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { atEndOfFile } from './cleanup.js';

const HEADER_BYTES = 12;
/** An answer, authoritative, to one who asked for recursion; no error. */
const FLAGS = 0x85_80;
const TYPE_A = 1;
const CLASS_INTERNET = 1;
/** The name of an answer is that of the question, which follows the header. */
const NAME_OF_THE_QUESTION = 0xc0_00 + HEADER_BYTES;

/** Stands in for Docker's DNS: whatever name is asked for has these IPv4 addresses, and none else. */
export class DnsServer {
  private constructor(
    private readonly socket: Socket,
    private readonly addresses: readonly string[],
  ) {
    socket.on('message', (question, from) => this.reply(question, from));
  }

  /** Listens on a free UDP port of 127.0.0.1; closed at the end of the test file. */
  static async start(addresses: readonly string[]): Promise<DnsServer> {
    const socket = createSocket('udp4');
    const server = new DnsServer(socket, addresses);
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    atEndOfFile(async () => void socket.close());
    return server;
  }

  /** Where it listens, as `host:port`. */
  get address(): string {
    return `127.0.0.1:${this.socket.address().port}`;
  }

  private reply(question: Buffer, from: RemoteInfo): void {
    const type = question.readUInt16BE(question.indexOf(0, HEADER_BYTES) + 1);
    const answers = type === TYPE_A ? this.addresses.map(addressRecord) : [];
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt16BE(question.readUInt16BE(0), 0);
    [FLAGS, 1, answers.length].forEach((word, index) => header.writeUInt16BE(word, 2 + 2 * index));
    const asked = question.subarray(HEADER_BYTES, question.indexOf(0, HEADER_BYTES) + 5);
    this.socket.send(Buffer.concat([header, asked, ...answers]), from.port, from.address);
  }
}

function addressRecord(address: string): Buffer {
  const record = Buffer.alloc(16);
  const timeToLive = 1;
  [NAME_OF_THE_QUESTION, TYPE_A, CLASS_INTERNET, 0, timeToLive, 4].forEach((word, index) =>
    record.writeUInt16BE(word, 2 * index),
  );
  record.set(address.split('.').map(Number), 12);
  return record;
}
