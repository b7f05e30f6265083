import { expect } from '@jest/globals';
import { connect, type Socket } from 'node:net';
import { atEndOfFile } from './cleanup.js';
import { eventually } from './poll.js';

const HEAD_END = '\r\n\r\n';

/** An answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A connection on which a test writes byte by byte what no client library would send. */
export class RawConnection {
  private received = Buffer.alloc(0);
  /** True once the other side has said that nothing more will come, or the connection broke. */
  isEnded = false;

  private constructor(private readonly socket: Socket) {
    // What broke it shows in what was received.
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
    });
    for (const event of ['end', 'close']) socket.once(event, () => (this.isEnded = true));
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    atEndOfFile(async () => {
      socket.destroy();
    });
    const connection = new RawConnection(socket);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return connection;
  }

  send(...pieces: ReadonlyArray<string | Buffer>): this {
    for (const piece of pieces) this.socket.write(piece);
    return this;
  }

  /** Says that nothing more will be sent, and goes on reading. */
  endSending(): this {
    this.socket.end();
    return this;
  }

  /** Hangs up at once, as a client that crashed. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Hangs up as a client that has lost interest. */
  close(): void {
    this.socket.destroy();
  }

  stopReading(): this {
    this.socket.pause();
    return this;
  }

  /** What has come so far, as text. */
  get text(): string {
    return this.received.toString('latin1');
  }

  /** The answers that have come in full. */
  get answers(): RawAnswer[] {
    const answers: RawAnswer[] = [];
    for (let rest = this.received; ;) {
      const headEnd = rest.indexOf(HEAD_END);
      if (headEnd === -1) return answers;
      const [statusLine = '', ...lines] = rest.subarray(0, headEnd).toString('latin1').split('\r\n');
      const headers = Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
      );
      const bodyEnd = headEnd + HEAD_END.length + Number(headers['content-length'] ?? 0);
      if (rest.length < bodyEnd) return answers;
      const body = rest.subarray(headEnd + HEAD_END.length, bodyEnd).toString();
      const status = Number(statusLine.split(' ')[1]);
      if (status >= 200) answers.push({ status, headers, body });
      rest = rest.subarray(bodyEnd);
    }
  }

  /** The next `count` answers, when they are there. */
  async nextAnswers(count: number): Promise<RawAnswer[]> {
    return await eventually(() => {
      expect(this.answers.length).toBeGreaterThanOrEqual(count);
      return this.answers;
    });
  }

  /** Reads to the end and says how often `marker` came; for answers that are too many to be kept. */
  async countToEnd(marker: string): Promise<number> {
    let count = 0;
    let rest = '';
    this.socket.removeAllListeners('data').on('data', (chunk: Buffer) => {
      const parts = (rest + chunk.toString('latin1')).split(marker);
      count += parts.length - 1;
      rest = parts.at(-1)?.slice(1 - marker.length) ?? '';
    });
    this.socket.resume();
    await eventually(() => expect(this.isEnded).toBe(true));
    return count;
  }

  /** All answers, when the other side has ended the connection. */
  async allAnswers(): Promise<RawAnswer[]> {
    await eventually(() => expect(this.isEnded).toBe(true));
    return this.answers;
  }
}
