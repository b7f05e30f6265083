import type { Answer } from './api-client.js';

/** How an import went, as it is answered. */
export interface ImportReport {
  readonly lines: number;
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly rejected: number;
  readonly errors: ReadonlyArray<{ readonly line: number; readonly path: string; readonly message: string }>;
}

type Imported = 'users' | 'products';

interface SentFile {
  readonly type?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a whole file, or one whose parts come as they are asked for. */
export async function sendImport(
  url: string,
  what: Imported,
  file: string | Buffer | AsyncIterable<string>,
  { type = 'application/x-ndjson', token = 'local-admin', headers = {} }: SentFile = {},
): Promise<Answer<ImportReport>> {
  const isWhole = typeof file === 'string' || Buffer.isBuffer(file);
  const response = await fetch(`${url}/api/${what}/import`, {
    method: 'POST',
    headers: { 'content-type': type, authorization: `Bearer ${token}`, ...headers },
    ...(isWhole
      ? { body: new Uint8Array(Buffer.from(file)) }
      : { body: ReadableStream.from(bytesOf(file)), duplex: 'half' }),
  });
  const body: ImportReport & { code?: string } = JSON.parse(await response.text());
  return { status: response.status, headers: response.headers, body, error: response.ok ? undefined : body.code };
}

/** NDJSON of the rows. */
export function ndjson(rows: readonly object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

/** A file that is sent in pieces; each is asked for when there is room for it. */
export class FileInPieces {
  /** Characters that were asked for so far. */
  sent = 0;

  constructor(private readonly pieces: Iterable<string>) {}

  /** So many pieces; the end of the file comes only if it has no more. */
  async *upTo(count: number): AsyncGenerator<string> {
    let index = 0;
    for (const piece of this.pieces) {
      if (index === count) await new Promise(() => undefined);
      index += 1;
      this.sent += piece.length;
      yield piece;
    }
  }
}

async function* bytesOf(file: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  for await (const piece of file) yield new Uint8Array(Buffer.from(piece));
}
