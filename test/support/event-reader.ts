import { type ClientRequest, get, type IncomingMessage } from 'node:http';
import { atEndOfFile } from './cleanup.js';
import type { ReservationBody } from './api-client.js';

/** Someone who follows a reservation by its stream of events. */
export class EventReader {
  readonly states: ReservationBody[] = [];
  /** Everything that has arrived. */
  text = '';
  /** Resolves when the stream has ended: false when it was cut off. */
  readonly ended: Promise<boolean>;

  private constructor(
    private readonly request: ClientRequest,
    readonly response: IncomingMessage,
  ) {
    let unread = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      this.text += chunk;
      const events = (unread + chunk).split('\n\n');
      unread = events.pop() ?? '';
      for (const event of events) {
        const data = /^data: (.*)$/m.exec(event)?.[1];
        if (data !== undefined) this.states.push(JSON.parse(data) as ReservationBody);
      }
    });
    response.on('error', () => undefined);
    this.ended = new Promise((resolve) => response.once('close', () => resolve(response.complete)));
  }

  /** Resolves when the answer has begun, whatever its status. */
  static async open(url: string, couponId: number, userId: number): Promise<EventReader> {
    return await new Promise((resolve, reject) => {
      const path = `/api/coupons/${couponId}/reservations/${userId}/events`;
      const request = get(`${url}${path}`, { agent: false }, (response) => {
        const reader = new EventReader(request, response);
        atEndOfFile(async () => reader.hangUp());
        resolve(reader);
      });
      request.on('error', reject);
    });
  }

  get statuses(): string[] {
    return this.states.map(({ status }) => status);
  }

  hangUp(): void {
    this.request.destroy();
  }
}
