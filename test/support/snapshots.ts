import type { Snapshot } from '../../src/operations/dashboard/snapshot.js';
import { eventually } from './poll.js';
import { atEndOfFile } from './cleanup.js';

/** Someone who listens to `/dashboard/events`, without a browser. */
export class Listener {
  readonly snapshots: Snapshot[] = [];
  /** Resolves when the server has ended the stream; with an error if it was cut off. */
  readonly ended: Promise<unknown>;
  private unread = '';

  private constructor(
    readonly headers: Headers,
    body: AsyncIterable<Uint8Array>,
    private readonly hangUp: AbortController,
  ) {
    this.ended = this.read(body).catch((error: unknown) => error);
  }

  static async open(url: string, query = ''): Promise<Listener> {
    const hangUp = new AbortController();
    const { status, headers, body } = await fetch(`${url}/dashboard/events${query}`, { signal: hangUp.signal });
    if (status !== 200 || body === null) throw new Error(`no stream: ${status}`);
    atEndOfFile(async () => hangUp.abort());
    return new Listener(headers, body, hangUp);
  }

  close(): void {
    this.hangUp.abort();
  }

  /** Resolves with the first snapshot from now on that `isWanted`. */
  async next(isWanted: (snapshot: Snapshot) => boolean = () => true): Promise<Snapshot> {
    const from = this.snapshots.length;
    return await eventually(() => {
      const found = this.snapshots.slice(from).find((snapshot) => isWanted(snapshot));
      if (found === undefined) throw new Error(`not seen; the latest is ${JSON.stringify(this.snapshots.at(-1))}`);
      return found;
    });
  }

  private async read(body: AsyncIterable<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of body) {
      this.unread += decoder.decode(chunk, { stream: true });
      const events = this.unread.split('\n\n');
      this.unread = events.pop() ?? '';
      for (const event of events) {
        const data = /^data: (.*)$/m.exec(event)?.[1];
        if (/^event: snapshot$/m.test(event) && data !== undefined) this.snapshots.push(JSON.parse(data));
      }
    }
  }
}
