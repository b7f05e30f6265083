const QUOTE = 0x22;
const COMMA = 0x2c;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** A line of a text, or a record of CSV, which may have line breaks within quotes. */
export interface Line {
  /** Of its first line in the text, from 1 on. */
  readonly number: number;
  /** Without what ended it. */
  readonly bytes: Buffer;
  /** It was longer than it may be, and is gone. */
  readonly isTooLong: boolean;
}

/**
 * Cuts a text into lines as its bytes arrive, and never holds more of it than the longest line. Bytes and not characters:
 * a line that is not UTF-8 is the fault of this line alone.
 */
export class LineSplitter {
  private readonly pieces: Buffer[] = [];
  private length = 0;
  private isTooLong = false;
  private isInQuotes = false;
  /** How many bytes came before this chunk, the last of them, and where the quote stood that closed a field. */
  private offset = 0;
  private previous = LINE_FEED;
  private closedAt = -1;
  /** Where we are, and where the line that is being read began. */
  private number = 1;
  private first = 1;

  /** @param hasQuotes a line feed between two quotes (RFC 4180) ends no line */
  constructor(
    private readonly maxBytes: number,
    private readonly hasQuotes: boolean,
  ) {}

  /** The lines that end within the chunk. */
  *split(chunk: Buffer): Generator<Line> {
    let from = 0;
    for (let at = this.nextOfInterest(chunk, 0); at !== -1; at = this.nextOfInterest(chunk, at + 1)) {
      if (chunk[at] === QUOTE) {
        this.readQuote(chunk, at);
        continue;
      }
      this.number += 1;
      if (this.isInQuotes) continue;
      this.take(chunk.subarray(from, at));
      yield this.cut();
      from = at + 1;
    }
    this.take(chunk.subarray(from));
    this.offset += chunk.length;
    this.previous = chunk.at(-1) ?? this.previous;
  }

  /** The last line, where no line feed ends it. */
  *end(): Generator<Line> {
    if (this.length > 0 || this.isTooLong) yield this.cut();
  }

  /** It opens a field where it begins one, or where it is the second one of two within; anywhere else it means nothing. */
  private readQuote(chunk: Buffer, at: number): void {
    const before = at > 0 ? chunk[at - 1] : this.previous;
    if (this.isInQuotes) this.closedAt = this.offset + at;
    const opens = before === COMMA || before === LINE_FEED || this.closedAt === this.offset + at - 1;
    this.isInQuotes = !this.isInQuotes && opens;
  }

  private nextOfInterest(chunk: Buffer, from: number): number {
    if (!this.hasQuotes) return chunk.indexOf(LINE_FEED, from);
    for (let at = from; at < chunk.length; at += 1) if (chunk[at] === LINE_FEED || chunk[at] === QUOTE) return at;
    return -1;
  }

  private take(piece: Buffer): void {
    this.length += piece.length;
    if (this.length > this.maxBytes) {
      this.isTooLong = true;
      this.pieces.length = 0;
      // A quote that nobody has closed must not take the rest of the text with it.
      this.isInQuotes = false;
    } else if (piece.length > 0) this.pieces.push(piece);
  }

  private cut(): Line {
    const bytes = this.pieces.length === 1 ? (this.pieces[0] as Buffer) : Buffer.concat(this.pieces);
    const end = bytes.at(-1) === CARRIAGE_RETURN ? -1 : undefined;
    const line = { number: this.first, bytes: bytes.subarray(0, end), isTooLong: this.isTooLong };
    this.pieces.length = 0;
    this.length = 0;
    this.isTooLong = false;
    this.first = this.number;
    return line;
  }
}
