import { deadlockVictim } from './deadlock.js';
import type { GaleraNode } from './galera.js';
import { LedgerError } from './ledger-error.js';
import { LedgerSession, type SessionHost } from './ledger-session.js';
import type { WrittenRows } from './rows.js';
import { Tables } from './table.js';
import type { Transaction } from './transaction.js';
import { type Refusal, View } from './view.js';

export { LedgerError } from './ledger-error.js';
export type { LedgerSession } from './ledger-session.js';
export type { AnyRow, RowChanges, RowOf, TableName, WrittenRows } from './rows.js';
export type { Statement } from './statement.js';

/** What the server needs of the world: virtual time. */
export interface ServerTimers {
  after(ms: number, label: string, run: () => void): { cancel(): void };
}

export interface LedgerOptions {
  readonly timers: ServerTimers;
  /** The server's clock. */
  readonly now: () => Date;
  /** How long a statement waits for a lock. */
  readonly lockWaitMs: number;
  /** After how long the server ends a session that is idle inside a transaction. */
  readonly idleTransactionMs: number;
}

/**
 * A database server as our statements see one: InnoDB at READ COMMITTED, with its row locks, unique keys, deadlocks and
 * lock waits. It knows no network: statements come as calls and are answered by calls.
 */
export class LedgerServer {
  /** For checks and for setting up: committed rows only. */
  readonly tables = new Tables();
  /** Called after each commit that has written something. */
  onCommit: (written: WrittenRows) => void = () => undefined;
  /** Refuses rows that are inserted: with the error that it returns. */
  refuses: Refusal = () => undefined;
  private readonly tasks: Array<() => void> = [];
  private isBusy = false;

  constructor(private readonly options: LedgerOptions) {}

  /** @param node of a Galera cluster, to which the session leads; undefined: all there is, or someone at every node */
  openSession(name: string, node?: GaleraNode): LedgerSession {
    return new LedgerSession(name, node === undefined ? this.host : { ...this.host, node });
  }

  private readonly host: SessionHost = {
    node: undefined,
    viewFor: (transaction: Transaction) =>
      new View(this.tables, this.options.now(), transaction, (table, row) => this.refuses(table, row)),
    soon: (run) => this.soon(run),
    after: (limit, label, run) => {
      const ms = limit === 'lockWait' ? this.options.lockWaitMs : this.options.idleTransactionMs;
      return this.options.timers.after(ms, label, () => this.soon(run));
    },
    waits: (transaction) => {
      // One victim may not be enough: a lock can be kept by several.
      for (let victim = deadlockVictim(transaction); victim !== undefined; victim = deadlockVictim(transaction))
        victim.owner.abort(LedgerError.deadlock());
    },
    committed: (written) => this.onCommit(written),
  };

  /** One thing after the other: who is woken by what is being done goes on when that is done. */
  private soon(run: () => void): void {
    this.tasks.push(run);
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      for (let task = this.tasks.shift(); task !== undefined; task = this.tasks.shift()) task();
    } finally {
      this.isBusy = false;
    }
  }
}
