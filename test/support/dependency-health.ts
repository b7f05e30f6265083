import { expect } from '@jest/globals';
import { eventuallyShows } from './metrics.js';
import { eventually } from './poll.js';

interface App {
  readonly url: string;
  readonly logs: string;
}

type Dependency = 'redis' | 'database';

/** What an application says of Redis or MySQL: to a load balancer, in its metrics, and in its log. */
export class DependencyHealth {
  private linesBefore = 0;

  constructor(
    private readonly app: App,
    private readonly dependency: Dependency,
  ) {
    this.forgetLines();
  }

  /** Everything said so far has been looked at; {@link expectTold} looks at what comes from now on. */
  forgetLines(): void {
    this.linesBefore = this.lines().length;
  }

  /** Resolves when the dependency is said to be well. */
  async isWell(): Promise<void> {
    await this.isReady(200, { details: { [this.dependency]: { status: 'up' } } });
    await this.shows(undefined);
  }

  /** Resolves when the dependency, and no other one, is said to be down for this reason, and nothing more is said. */
  async isDown(reason: string): Promise<void> {
    const down = { [this.dependency]: { status: 'down', responseTime: expect.any(Number), reason } };
    await eventually(async () => {
      const { status, body } = await this.ask();
      expect({ status, body }).toMatchObject({ status: 200, body: { status: 'degraded' } });
      expect(body.error).toEqual(down);
    });
    await this.shows(reason);
  }

  /** Asserts one line that says when the problem began, with its reason, and one that says when it ended. */
  async expectTold(reason: string, words: RegExp): Promise<void> {
    await eventually(() => {
      expect(this.newLines()).toEqual([
        expect.stringMatching(new RegExp(`unavailable: ${reason} \\(.*${words.source}`)),
        expect.stringMatching(/ready(, run_id \w+)? after [\d.]+ s/),
      ]);
    });
  }

  /** What was told since {@link forgetLines}, the warnings about the settings of a server left out. */
  private newLines(): string[] {
    return this.lines().slice(this.linesBefore);
  }

  private lines(): string[] {
    const context = this.dependency === 'redis' ? '[Redis]' : '[MySQL]';
    return this.app.logs.split('\n').filter((line) => line.includes(context) && !line.includes('runs with'));
  }

  private async shows(reason: string | undefined): Promise<void> {
    const dependency = this.dependency === 'redis' ? 'redis' : 'mysql';
    await eventuallyShows(this.app, (scrape) => {
      expect(scrape.value('firstcome_dependency_up', { dependency })).toBe(reason === undefined ? 1 : 0);
      const reasons = scrape.all('firstcome_dependency_problem', { dependency }).filter(({ value }) => value === 1);
      expect(reasons.map(({ labels }) => labels['reason'])).toEqual(reason === undefined ? [] : [reason]);
    });
  }

  private async isReady(status: number, expected: object): Promise<void> {
    await eventually(async () => expect(await this.ask()).toMatchObject({ status, body: expected }));
  }

  private async ask(): Promise<{ status: number; body: { error?: object } }> {
    const response = await fetch(`${this.app.url}/health/ready`);
    return { status: response.status, body: JSON.parse(await response.text()) as object };
  }
}
