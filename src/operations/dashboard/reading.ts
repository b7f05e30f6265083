import { SingleFlight } from '../../platform/concurrency/single-flight.js';
import { withinTimeLimit } from '../../platform/time-limit.js';

interface Options {
  /** How long a sampling waits for the answer; a later one serves the next sampling. */
  readonly waitMs: number;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/**
 * Something that is asked again and again, and its latest answer. There is only one question at a time, so that a
 * server which hangs is not asked by ever more of them.
 */
export class Reading<T> {
  private latest: { readonly value: T; readonly at: number } | undefined;
  private readonly questions = new SingleFlight<'question', void>();
  private isAnswered = false;

  constructor(private readonly options: Options) {}

  /** The latest answer, however old. */
  get value(): T | undefined {
    return this.latest?.value;
  }

  /** When the latest answer came; undefined when there never was one. */
  get at(): number | undefined {
    return this.latest?.at;
  }

  /** The answer to the last question; undefined when that failed or is still to come. */
  get current(): T | undefined {
    return this.isAnswered ? this.value : undefined;
  }

  /** Asks, unless the last question is still open, and waits a while for the answer. Never throws. */
  async refresh(ask: () => Promise<T>): Promise<void> {
    this.isAnswered = false;
    const answered = this.questions.run('question', () => this.ask(ask));
    await withinTimeLimit(answered, this.options.waitMs, () => new Error('late')).catch(() => undefined);
  }

  private async ask(ask: () => Promise<T>): Promise<void> {
    try {
      this.latest = { value: await ask(), at: this.options.now() };
      this.isAnswered = true;
    } catch (error) {
      this.options.onError(error);
    }
  }
}
