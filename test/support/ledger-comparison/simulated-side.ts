import { setImmediate } from 'node:timers/promises';
import type { EntityManager } from 'typeorm';
import { LedgerServer, type LedgerSession, type Statement } from '../../simulation/ledger/ledger-server.js';
import type { StatementRunner } from '../../simulation/ledger/repositories/statement-runner.js';
import type { Table } from '../../simulation/ledger/table.js';
import { type Repositories, simulatedRepositories } from './repositories.js';
import type { LedgerSide, Session } from './steps.js';
import { type StoredRows, TABLE_NAMES } from './stored-rows.js';

const LOCK_WAIT_MS = 1000;
const IDLE_TRANSACTION_MS = 10_000;

interface Timer {
  readonly ms: number;
  readonly run: () => void;
}

/** The simulated repositories over a simulated server, which begins with the rows of a real one. */
export class SimulatedSide implements LedgerSide {
  readonly repositories: Repositories;
  readonly server: LedgerServer;
  statements = 0;
  /** Each statement in a session of its own. */
  readonly outside: StatementRunner = { run: (statement) => this.runAlone(statement) };
  private readonly timers = new Set<Timer>();
  private readonly sessions = new Map<Session, LedgerSession>();

  constructor(rows: StoredRows) {
    this.server = new LedgerServer({
      timers: {
        after: (ms, _label, run) => {
          const timer = { ms, run };
          this.timers.add(timer);
          return { cancel: () => this.timers.delete(timer) };
        },
      },
      now: () => new Date(),
      lockWaitMs: LOCK_WAIT_MS,
      idleTransactionMs: IDLE_TRANSACTION_MS,
    });
    for (const name of TABLE_NAMES) {
      const table = this.server.tables[name] as Table<object>;
      for (const row of rows[name]) table.put(row);
    }
    this.repositories = simulatedRepositories(this.outside);
  }

  transactionOf(session: Session): Promise<EntityManager> {
    const runner: StatementRunner = {
      run: (statement) => this.send(this.sessionOf(session), statement, { inTransaction: true }),
    };
    return Promise.resolve(runner as unknown as EntityManager);
  }

  async end(session: Session, how: 'commit' | 'rollback' | 'lose'): Promise<void> {
    const open = this.sessionOf(session);
    if (how === 'commit') {
      await new Promise<void>((resolve, reject) => {
        open.commit((error) => (error === undefined ? resolve() : reject(error)));
      });
    } else if (how === 'rollback') {
      open.rollback();
    } else {
      open.close();
      this.sessions.delete(session);
    }
  }

  async passLockWait(): Promise<void> {
    this.passTime(LOCK_WAIT_MS);
  }

  /** As much time passes as a session may be idle inside a transaction. */
  passIdleTransaction(): void {
    this.passTime(IDLE_TRANSACTION_MS);
  }

  /** Nothing here takes longer than the promises that are settled at the same time. */
  async whenQuiet(): Promise<void> {
    await setImmediate();
  }

  sessionOf(session: Session): LedgerSession {
    const open = this.sessions.get(session) ?? this.server.openSession(session);
    this.sessions.set(session, open);
    return open;
  }

  /** All committed rows, as a real server would list them. */
  get rows(): StoredRows {
    const { tables } = this.server;
    return Object.fromEntries(TABLE_NAMES.map((name) => [name, tables[name].rows()])) as unknown as StoredRows;
  }

  private passTime(ms: number): void {
    const due = [...this.timers].filter((timer) => timer.ms === ms);
    for (const timer of due) if (this.timers.delete(timer)) timer.run();
  }

  private async runAlone<T>(statement: Statement<T>): Promise<T> {
    return await this.send(this.server.openSession(statement.name), statement, { inTransaction: false });
  }

  private async send<T>(session: LedgerSession, statement: Statement<T>, how: { inTransaction: boolean }): Promise<T> {
    this.statements += 1;
    return await new Promise((resolve, reject) => {
      session.execute(statement, how, (error, result) => {
        if (error === undefined) resolve(result as T);
        else reject(error);
      });
    });
  }
}
