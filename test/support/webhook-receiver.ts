import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { freePort } from '../../scripts/services/free-port.mjs';
import type { CloudEvent } from '../../src/events/cloud-event.js';
import { atEndOfFile } from './cleanup.js';

/** A request that a receiver got. */
interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The body as it came, which is what was signed. */
  readonly text: string;
  readonly event: CloudEvent;
}

/** Answers a request, or leaves it unanswered. */
type Answer = (response: ServerResponse, request: Received) => void;

/** Answers with this status and nothing else. */
export function status(code: number, headers: Record<string, string> = {}): Answer {
  return (response) => response.writeHead(code, headers).end();
}

/** Some other system, which is told events by a webhook. */
export class WebhookReceiver {
  readonly received: Received[] = [];
  private answer: Answer = status(204);
  private server: Server | undefined;

  private constructor(private readonly port: number) {}

  /** Listens on a free port; closed at the end of the test file. */
  static async open(): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver(await freePort());
    await receiver.comeBack();
    atEndOfFile(() => receiver.vanish());
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook`;
  }

  /** `coupons/1/1 coupons/1/2 …`, in the order in which they came. */
  get ids(): string[] {
    return this.received.map(({ event }) => event.id);
  }

  /** What is answered from now on. */
  answers(answer: Answer): void {
    this.answer = answer;
  }

  /** Listens again where it listened before. */
  async comeBack(): Promise<void> {
    const server = createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      request.on('end', () => {
        const received = {
          path: request.url ?? '',
          headers: request.headers,
          text,
          event: JSON.parse(text) as CloudEvent,
        };
        this.received.push(received);
        this.answer(response, received);
      });
    });
    this.server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
  }

  /** Closes the port and every connection. */
  async vanish(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    this.server = undefined;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
