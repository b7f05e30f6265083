import type { GaleraNode } from './galera.js';
import { LedgerError } from './ledger-error.js';
import type { Lock } from './lock-queue.js';
import type { WrittenRows } from './rows.js';
import type { Statement } from './statement.js';
import { Transaction } from './transaction.js';
import type { View } from './view.js';

/** What a session needs of its server. */
export interface SessionHost {
  viewFor(transaction: Transaction): View;
  /** Of a Galera cluster: the node to which the session leads. */
  readonly node: GaleraNode | undefined;
  /** Runs it soon: after what is being done, but at the same time. */
  soon(run: () => void): void;
  /** Runs it when that much time has passed. */
  after(limit: 'lockWait' | 'idleTransaction', label: string, run: () => void): { cancel(): void };
  /** The transaction has begun to wait: ends a deadlock. */
  waits(transaction: Transaction): void;
  committed(written: WrittenRows): void;
}

/** The statement that was sent last, until it is answered. */
interface Running {
  readonly name: string;
  readonly inTransaction: boolean;
  readonly done: (error: Error | undefined, result?: unknown) => void;
}

/** A connection to the simulated server. One statement at a time: who sends more must wait for the answers. */
export class LedgerSession {
  /** Called when the server itself ends the session, since it was idle inside a transaction for too long. */
  onClosed: (() => void) | undefined;
  private isClosed = false;
  /** That of the client, or of the statement that commits by itself. */
  private transaction: Transaction | undefined;
  /** A deadlock has ended the transaction, and the client has not said COMMIT or ROLLBACK yet. */
  private isOutOfTransaction = false;
  private running: Running | undefined;
  /** How the statement goes on, and what it is taken back to when it fails. */
  private steps: Iterator<Lock, unknown, undefined> | undefined;
  private savepoint = 0;
  private timer: { cancel(): void } | undefined;

  constructor(
    readonly name: string,
    private readonly host: SessionHost,
  ) {}

  get isOpen(): boolean {
    return !this.isClosed;
  }

  /** Whether a statement waits for a lock. */
  get isWaiting(): boolean {
    return this.transaction?.waitsFor !== undefined;
  }

  /**
   * Runs the statement, now or once it has its locks. `done` is called once; never when the session is closed before.
   * The first statement with `inTransaction` begins a transaction; without, the statement commits by itself.
   *
   * @throws Error of a client that talks to a closed session, does not wait for an answer, or mixes the two ways
   */
  execute<T>(
    statement: Statement<T>,
    { inTransaction }: { inTransaction: boolean },
    done: (error: Error | undefined, result?: T) => void,
  ): void {
    this.assertReady(statement.name);
    const running: Running = { name: statement.name, inTransaction, done: done as Running['done'] };
    this.running = running;
    this.host.soon(() => {
      if (this.running !== running) return;
      if (!inTransaction && this.transaction !== undefined)
        throw new Error(`${this.name}: ${statement.name} is meant to stand alone, but a transaction is open`);
      // A causal read: what begins a transaction is one, and a SELECT that stands alone.
      const isFirst = this.transaction === undefined;
      if (isFirst && (inTransaction || statement.isReading) && this.host.node?.cluster.isCausal)
        this.host.node.catchUp();
      this.transaction ??= new Transaction(this, this.host.node);
      const wasDoomed = this.transaction.isDoomed;
      this.transaction.look();
      if (this.transaction.isDoomed && !wasDoomed) {
        this.abort(LedgerError.deadlock());
        return;
      }
      this.savepoint = this.transaction.savepoint;
      this.steps = statement.begin(this.host.viewFor(this.transaction));
      this.step();
    });
  }

  /** COMMIT. Without a transaction it does nothing. */
  commit(done: (error?: Error) => void): void {
    this.assertReady('COMMIT');
    this.isOutOfTransaction = false;
    this.host.soon(() => {
      this.transaction?.look();
      done(this.endTransaction('commit'));
    });
  }

  /** ROLLBACK. Without a transaction it does nothing. */
  rollback(): void {
    this.assertReady('ROLLBACK');
    this.isOutOfTransaction = false;
    this.host.soon(() => this.endTransaction('rollback'));
  }

  /** The connection is gone: what was not committed is rolled back, and no statement is answered any more. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.running = undefined;
    this.timer?.cancel();
    this.host.soon(() => {
      this.transaction?.rollback();
      this.transaction = undefined;
    });
  }

  abort(error: LedgerError): void {
    this.isOutOfTransaction = this.running?.inTransaction ?? false;
    this.endTransaction('rollback');
    this.answer(error);
  }

  goOn(): void {
    this.timer?.cancel();
    const { running } = this;
    this.host.soon(() => {
      if (this.running === running) this.step();
    });
  }

  private assertReady(what: string): void {
    if (this.isClosed) throw new Error(`${this.name} is closed, and ${what} comes too late`);
    if (this.running !== undefined)
      throw new Error(`${this.name}: ${what} comes before the answer to ${this.running.name}`);
    this.timer?.cancel();
  }

  /** The BEGIN of a transaction that a deadlock has ended is over too. */
  private get commitsItself(): boolean {
    return this.running?.inTransaction !== true || this.isOutOfTransaction;
  }

  /** Goes on with the statement until it waits or ends. */
  private step(): void {
    const step = this.nextStep();
    if (step === undefined) return;
    if (step instanceof LedgerError) {
      this.fail(step);
    } else if (step.done === true) {
      const refused = this.commitsItself ? this.endTransaction('commit') : undefined;
      this.answer(refused, refused === undefined ? step.value : undefined);
    } else {
      this.wait(step.value);
    }
  }

  private nextStep(): IteratorResult<Lock, unknown> | LedgerError | undefined {
    try {
      return this.steps?.next();
    } catch (error) {
      if (error instanceof LedgerError) return error;
      throw error;
    }
  }

  private wait(lock: Lock): void {
    const { transaction } = this;
    if (transaction === undefined) return;
    transaction.waitsFor = lock;
    this.timer = this.host.after('lockWait', `${this.name}: ${this.running?.name} waits for too long`, () => {
      transaction.waitsFor = undefined;
      lock.queue.end(lock);
      this.fail(LedgerError.lockWaitTimeout());
    });
    this.host.waits(transaction);
  }

  /** A statement that fails leaves nothing but locks; the transaction goes on. */
  private fail(error: LedgerError): void {
    if (this.commitsItself) this.endTransaction('rollback');
    else this.transaction?.rollbackTo(this.savepoint);
    this.answer(error);
  }

  private answer(error: Error | undefined, result?: unknown): void {
    const { running } = this;
    this.running = undefined;
    this.steps = undefined;
    this.timer?.cancel();
    if (this.transaction !== undefined) {
      this.timer = this.host.after('idleTransaction', `${this.name} is idle in a transaction`, () => {
        this.close();
        this.onClosed?.();
      });
    }
    running?.done(error, result);
  }

  /** The error of a COMMIT that comes too late. */
  private endTransaction(how: 'commit' | 'rollback'): LedgerError | undefined {
    const { transaction } = this;
    this.transaction = undefined;
    if (how === 'rollback' || transaction?.isDoomed) {
      transaction?.rollback();
      return how === 'rollback' ? undefined : LedgerError.deadlock();
    }
    const written = transaction?.commit();
    if (written !== undefined) this.host.committed(written);
    return undefined;
  }
}
