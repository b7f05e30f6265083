import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { setTimeout as delay } from 'node:timers/promises';
import { DataSource, type EntityManager } from 'typeorm';
import { DomainError } from '../errors/domain-error.js';
import type { DomainEvent } from '../events/domain-event.js';
import { EventPublisher } from '../events/event-publisher.js';
import { isDuplicateKey, isLockConflict } from './database-errors.js';
import { connectAs } from './pool/connect-as.js';
import { type ConnectionClass, SHARED } from './pool/connection-class.js';

/**
 * Rides out a burst of deadlocks, within two seconds for most. On a Galera cluster those who change the same row on
 * several nodes are in each other's way until their COMMIT: of payments for one product 1.7 % failed 5 times.
 */
const DEFAULT_ATTEMPTS = 12;
const FIRST_DELAY_MS = 20;
const MAX_DELAY_MS = 400;
/** A transaction that waits for one foreign lock again and again is given up after this; its caller waits. */
const RETRY_WITHIN_MS = 10_000;

interface TransactionOptions {
  readonly attempts?: number;
  /** For whom the connection is taken: those who may wait for a locked row have a share of the pool of their own. */
  readonly connections?: ConnectionClass;
  /**
   * Also starts again when a unique key holds the value already, for work that has looked before it inserts: somebody else
   * was there in between, and the next look finds what they have inserted.
   */
  readonly looksFirst?: boolean;
}

/** Registers an event that is published once the transaction has committed, and never when it is rolled back. */
export type PublishAfterCommit = (event: DomainEvent) => void;

/**
 * The one way to run a transaction. The work gets its EntityManager and hands it to every repository method it calls;
 * it may run several times, so it must do nothing outside the database that may not be done twice.
 */
@Injectable()
export class TransactionRunner {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly events: EventPublisher,
  ) {}

  /**
   * Runs `work` in a transaction, at READ COMMITTED as all our connections. A deadlock or lock-wait time-out, also at
   * COMMIT, starts it again from the beginning, at most `attempts` times in all and for ten seconds; then the first
   * error is thrown; a refusal of the work (a DomainError) is thrown as it is, at any attempt. Events are published
   * after the commit, in their order; a listener that throws harms neither the caller nor the other listeners.
   *
   * After a conflict the server has rolled back. After any other error of a COMMIT (the connection was lost, or
   * StatementTimeoutError) nobody knows whether it happened, so it is never run again from here: that is for callers
   * that find out first what happened. Events of such a transaction are lost.
   */
  async run<T>(
    work: (manager: EntityManager, publish: PublishAfterCommit) => Promise<T>,
    { attempts = DEFAULT_ATTEMPTS, connections = SHARED, looksFirst = false }: TransactionOptions = {},
  ): Promise<T> {
    let firstError: unknown;
    const startedAt = performance.now();
    for (let attempt = 1; ; attempt += 1) {
      const registered: DomainEvent[] = [];
      try {
        const result = await this.attempt(connections, (manager) => work(manager, (event) => registered.push(event)));
        for (const event of registered) this.events.publish(event);
        return result;
      } catch (error) {
        // A refusal is the outcome of the work, whatever went wrong before it.
        if (error instanceof DomainError) throw error;
        firstError ??= error;
        const isOver = attempt >= attempts || performance.now() - startedAt >= RETRY_WITHIN_MS;
        const mayPass = isLockConflict(error) || (looksFirst && isDuplicateKey(error));
        if (isOver || !mayPass) throw firstError;
        await delay(Math.random() * Math.min(FIRST_DELAY_MS * 2 ** attempt, MAX_DELAY_MS));
      }
    }
  }

  private async attempt<T>(connections: ConnectionClass, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const queryRunner = this.dataSource.createQueryRunner();
    try {
      await connectAs(connections, queryRunner);
      return await queryRunner.manager.transaction(work);
    } finally {
      await queryRunner.release();
    }
  }
}
