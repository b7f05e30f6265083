/** How many lines of one kind may be written in how long. */
interface Limit {
  readonly lines: number;
  readonly intervalMs: number;
}

/**
 * Lets the first lines of each interval through and counts the others, so that what happens with each of a thousand
 * requests a second does not fill the log. When the interval is over it says how many were left out.
 */
export class LogLimit {
  private written = 0;
  private leftOut = 0;
  private interval: NodeJS.Timeout | undefined;

  /** @param sayLeftOut writes how many lines were left out */
  constructor(
    private readonly limit: Limit,
    private readonly sayLeftOut: (count: number) => void,
  ) {}

  /** Writes the line now or never. */
  write(line: () => void): void {
    this.interval ??= setTimeout(() => this.endInterval(), this.limit.intervalMs).unref();
    if (this.written < this.limit.lines) {
      this.written += 1;
      line();
    } else {
      this.leftOut += 1;
    }
  }

  private endInterval(): void {
    const { leftOut } = this;
    this.interval = undefined;
    this.written = 0;
    this.leftOut = 0;
    if (leftOut > 0) this.sayLeftOut(leftOut);
  }
}
