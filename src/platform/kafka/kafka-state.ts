import { Logger } from '@nestjs/common';
import { DependencyState } from '../dependencies/dependency-state.js';
import type { ProblemReason } from '../dependencies/problem-reason.js';
import { KafkaUnavailableError } from './kafka-errors.js';

/**
 * Whether Kafka does what we need of it, as those find who use it. The log is told once when it does not for the first of
 * them, and once when it does for all of them again.
 */
export class KafkaState {
  private readonly state = new DependencyState(
    new Logger('Kafka'),
    'reservations are issued without it, and what it is to be told waits',
  );
  private readonly inTrouble = new Map<string, ProblemReason>();

  /** Why it does not, for the first who finds so; undefined while all is well. */
  get problem(): ProblemReason | undefined {
    return this.state.problem;
  }

  fail(user: string, error: unknown): void {
    const { reason, message } = error instanceof KafkaUnavailableError ? error : new KafkaUnavailableError(error);
    this.inTrouble.set(user, reason);
    this.state.fail(reason, `${user}: ${message}`);
  }

  recover(user: string): void {
    if (this.inTrouble.delete(user) && this.inTrouble.size === 0) this.state.recover('ready');
  }

  end(): void {
    this.state.end();
  }
}
