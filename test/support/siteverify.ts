import { createServer, type ServerResponse } from 'node:http';
import { freePort } from '../../scripts/services/free-port.mjs';
import { atEndOfFile } from './cleanup.js';

/** Answers a request, or leaves it unanswered. */
type Answer = (response: ServerResponse) => void;

/** Answers with this text. */
export function says(text: string, status = 200): Answer {
  return (response) => response.writeHead(status, { 'content-type': 'application/json' }).end(text);
}

/** As Turnstile answers: passed, or not passed and why. */
export const PASSED = says(JSON.stringify({ success: true, 'error-codes': [] }));
export function refused(...codes: string[]): Answer {
  return says(JSON.stringify({ success: false, 'error-codes': codes }));
}

/** In the place of the server that verifies challenges of Turnstile. */
export class Siteverify {
  /** What was sent, as the form that it is. */
  readonly received: Array<Record<string, string>> = [];
  private answer = PASSED;

  private constructor(readonly url: string) {}

  /** Listens on a free port; closed at the end of the test file. */
  static async open(): Promise<Siteverify> {
    const port = await freePort();
    const siteverify = new Siteverify(`http://127.0.0.1:${port}/siteverify`);
    const server = createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      request.on('end', () => {
        siteverify.received.push(Object.fromEntries(new URLSearchParams(text)));
        siteverify.answer(response);
      });
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    atEndOfFile(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return siteverify;
  }

  /** What is answered from now on. */
  answers(answer: Answer): void {
    this.answer = answer;
  }
}
