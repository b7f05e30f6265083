import { Inject, Injectable, Logger } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { EntityManager } from 'typeorm';
import { CONFIG } from '../../platform/config/config.module.js';
import { TransactionRunner } from '../../platform/database/transaction-runner.js';
import type { EventsConfig } from '../events.config.js';
import { RelayLeaseRepository } from './relay-lease.repository.js';

/** Another instance tells by now: what this one was about to note did not happen. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';

  constructor() {
    super('another instance tells by now');
  }
}

/** The time for which an instance tells. */
export interface Term {
  readonly token: number;
  /** Aborted when it ends. */
  readonly over: AbortSignal;
}

interface Held extends Term {
  readonly end: AbortController;
  /** By our own clock, from before the database was asked: so it is over here before it is over there. */
  until: number;
}

/**
 * Lets one instance at a time tell. Whoever was frozen may still believe that it does, but can note nothing. Jobs that
 * one instance does to save the others the work go by its {@link RelayLease.term}, too.
 */
@Injectable()
export class RelayLease {
  private readonly logger = new Logger('Relay');
  private readonly owner = `process ${process.pid} on ${hostname()} (${randomUUID()})`;
  private held: Held | undefined;
  private isGivenUp = false;

  constructor(
    private readonly repository: RelayLeaseRepository,
    private readonly transactions: TransactionRunner,
    @Inject(CONFIG) private readonly config: EventsConfig,
  ) {}

  /** The term of this instance; undefined while another one, or nobody, tells. */
  get term(): Term | undefined {
    // Without a word: while the database is away nobody tells, and that is told already.
    if (this.held !== undefined && performance.now() >= this.held.until) this.end(this.held);
    return this.held;
  }

  /** The term of this instance, which begins now where nobody tells. */
  async take(): Promise<Term | undefined> {
    const { term } = this;
    if (term !== undefined || this.isGivenUp) return term;
    const askedAt = performance.now();
    const token = await this.repository.take(this.owner, this.leaseMs);
    if (token === undefined) return undefined;
    const end = new AbortController();
    this.held = { token, over: end.signal, end, until: askedAt + this.leaseMs };
    this.logger.log(`this instance tells other systems what is decided (term ${token})`);
    // The application may have ended while the database was asked.
    if (this.isGivenUp) await this.giveUp();
    return this.term;
  }

  /** Keeps the term, if this instance has one. */
  async renew(): Promise<void> {
    const held = this.held;
    if (held === undefined || this.isGivenUp) return;
    const askedAt = performance.now();
    if (await this.repository.renew(held.token, this.leaseMs)) held.until = askedAt + this.leaseMs;
    else this.lose(held);
  }

  /** Ends the term for good, and everything that goes on in it. */
  async giveUp(): Promise<void> {
    this.isGivenUp = true;
    const held = this.held;
    if (held === undefined) return;
    this.end(held);
    await this.repository.giveUp(held.token);
  }

  /**
   * Runs a transaction that commits only if the term is not over. The lease is asked last, so that its row is locked
   * for the shortest time: a process that is frozen with it locked would hold up the next one.
   *
   * @throws LeaseLostError, and nothing has changed
   */
  async run<T>(term: Term, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return await this.transactions.run(async (manager) => {
      const result = await work(manager);
      if (!(await this.repository.holds(manager, term.token))) {
        if (this.held?.token === term.token) this.lose(this.held);
        throw new LeaseLostError();
      }
      return result;
    });
  }

  private lose(held: Held): void {
    this.end(held);
    this.logger.warn(`term ${held.token} is over: the lease was not kept in time, and another instance goes on`);
  }

  private end(held: Held): void {
    held.end.abort();
    if (this.held === held) this.held = undefined;
  }

  private get leaseMs(): number {
    return this.config.outbox.leaseMs;
  }
}
