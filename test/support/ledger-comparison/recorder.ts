import { outcomeOf } from './outcome.js';
import type { Repositories } from './repositories.js';
import type { Actor, Answer, LedgerSide, Moment, Step } from './steps.js';

/** Methods whose SELECT has no ORDER BY: the server answers in the order of whichever index it takes. */
const UNORDERED = new Set(['coupons.findMany', 'issuance.failuresOf', 'issuance.issuedTo']);

/** Takes steps on a ledger, one after the other, and writes down what each of them led to. */
export class Recorder {
  readonly moments: Moment[] = [];
  /** The calls that were made, as `repository.method`. */
  readonly called = new Set<string>();
  private readonly pending = new Map<Actor, Promise<unknown>>();
  private answers: Answer[] = [];

  constructor(private readonly side: LedgerSide) {}

  get waiting(): Actor[] {
    return [...this.pending.keys()].sort();
  }

  async take(step: Step): Promise<void> {
    const before = this.side.statements;
    const inWords = await this.begin(step);
    const happened = await this.whatHappens();
    this.moments.push({ step: inWords(), ...happened, statements: this.side.statements - before });
  }

  /** Does it, and returns how to say what was done: a call may call several methods. */
  private async begin(step: Step): Promise<() => string> {
    if ('inside' in step || 'outside' in step) {
      if (this.pending.has(step.by)) return () => `${step.by} would have to wait for an answer`;
      const words: string[] = [];
      let isUnordered = false;
      const repositories = this.watched((method, given) => {
        isUnordered ||= UNORDERED.has(method);
        words.push(`${method}(${given.map((each) => JSON.stringify(each)).join(', ')})`);
      });
      const call =
        'inside' in step
          ? step.inside(repositories, await this.side.transactionOf(step.by))
          : step.outside(repositories);
      void this.hear(step.by, outcomeOf(call, { isUnordered }));
      return () => `${step.by}: ${words.join(', ')}`;
    }
    if (step.end === 'lockWait') {
      await this.side.passLockWait(this.pending);
      return () => 'time passes';
    }
    if (step.end === 'lose') this.pending.delete(step.by);
    else if (this.pending.has(step.by)) return () => `${step.by} would have to wait for an answer`;
    await this.side.end(step.by, step.end);
    return () => `${step.by}: ${step.end}`;
  }

  private async hear(actor: Actor, outcome: Promise<unknown>): Promise<void> {
    this.pending.set(actor, outcome);
    const answer = await outcome;
    // Not when its connection was lost meanwhile.
    if (this.pending.get(actor) !== outcome) return;
    this.pending.delete(actor);
    this.answers.push({ to: actor, answer });
  }

  private async whatHappens(): Promise<Pick<Moment, 'answers' | 'waiting'>> {
    await this.side.whenQuiet(this.pending);
    const answers = this.answers.sort((one, other) => (one.to < other.to ? -1 : 1));
    this.answers = [];
    return { answers, waiting: this.waiting };
  }

  /** The repositories, telling what is called of them. */
  private watched(tell: (method: string, given: readonly unknown[]) => void): Repositories {
    const entries = Object.entries(this.side.repositories).map(([name, repository]) => [
      name,
      new Proxy(repository as object, {
        get: (target, method: string) => {
          const original = (target as Record<string, (...given: unknown[]) => unknown>)[method];
          return (...given: unknown[]) => {
            this.called.add(`${name}.${method}`);
            tell(
              `${name}.${method}`,
              given.filter((each) => !isManager(each)),
            );
            return original?.apply(target, given);
          };
        },
      }),
    ]);
    return Object.fromEntries(entries) as Repositories;
  }
}

/** A TypeORM EntityManager, or what stands for one. */
function isManager(value: unknown): boolean {
  return typeof value === 'object' && value !== null && ('queryRunner' in value || 'run' in value);
}
