import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { openDatabase, openDataSource, type TestDatabase } from '../database.js';
import { createOwnSchema } from '../own-schema.js';
import { ENTITIES, realRepositories, type Repositories } from './repositories.js';
import type { LedgerSide, Pending, Session } from './steps.js';

/** What is sent besides the statements of the repositories. */
const OF_TRANSACTIONS = /^(START TRANSACTION|COMMIT|ROLLBACK|SET SESSION|SELECT CONNECTION_ID)/;

interface OpenSession {
  readonly runner: QueryRunner;
  readonly connectionId: number;
}

/** The real repositories, in a schema of the test file's own on the server of the run. */
export class RealSide implements LedgerSide {
  readonly repositories: Repositories;
  statements = 0;
  private readonly sessions = new Map<Session, OpenSession>();
  /** Set for the sessions that begin from now on; the server's own when it is undefined. */
  lockWaitSeconds: number | undefined;

  private constructor(
    readonly database: TestDatabase,
    private readonly dataSource: DataSource,
  ) {
    this.countStatements();
    this.repositories = realRepositories(dataSource);
  }

  static async open(): Promise<RealSide> {
    const url = await createOwnSchema('simulated_ledger');
    return new RealSide(openDatabase(url), await openDataSource({ url, entities: ENTITIES }));
  }

  async transactionOf(session: Session): Promise<EntityManager> {
    const { runner } = this.sessions.get(session) ?? (await this.begin(session));
    return runner.manager;
  }

  async end(session: Session, how: 'commit' | 'rollback' | 'lose'): Promise<void> {
    const open = this.sessions.get(session);
    if (open === undefined) return;
    this.sessions.delete(session);
    if (how === 'lose') {
      await this.kill(open);
      return;
    }
    await (how === 'commit' ? open.runner.commitTransaction() : open.runner.rollbackTransaction());
    await open.runner.release();
  }

  async passLockWait(pending: Pending): Promise<void> {
    await Promise.all(pending.values());
  }

  /** Which of the two families of servers it is. */
  async isMariaDb(): Promise<boolean> {
    const { version } = await this.database.row<{ version: string }>('SELECT VERSION() AS version');
    return version.includes('MariaDB');
  }

  /**
   * Asks the server until as many transactions wait for a lock as there are calls without an answer. Both sessions can
   * only wait while the server has not ended their deadlock yet: whoever stands outside holds no lock while it waits.
   */
  async whenQuiet(pending: Pending): Promise<void> {
    for (;;) {
      const before = [...pending.keys()];
      if (before.length === 0) return;
      const waiting = await this.countWaiting();
      const isSame = pending.size === before.length;
      const isDeadlock = pending.has('A') && pending.has('B');
      if (isSame && waiting === before.length && !isDeadlock) return;
    }
  }

  private countStatements(): void {
    const createQueryRunner = this.dataSource.createQueryRunner.bind(this.dataSource);
    this.dataSource.createQueryRunner = (...args) => {
      const runner = createQueryRunner(...args);
      const query = runner.query.bind(runner);
      runner.query = async (...call: Parameters<typeof query>) => {
        if (!OF_TRANSACTIONS.test(call[0])) this.statements += 1;
        return await query(...call);
      };
      return runner;
    };
  }

  private async begin(session: Session): Promise<OpenSession> {
    const runner = this.dataSource.createQueryRunner();
    await runner.connect();
    if (this.lockWaitSeconds !== undefined)
      await runner.query(`SET SESSION innodb_lock_wait_timeout = ${this.lockWaitSeconds}`);
    const [row] = await runner.manager.query<Array<{ connectionId: number }>>('SELECT CONNECTION_ID() AS connectionId');
    if (row === undefined) throw new Error('a SELECT without FROM answered no row');
    await runner.startTransaction();
    const open = { runner, ...row };
    this.sessions.set(session, open);
    return open;
  }

  private async countWaiting(): Promise<number> {
    return (await this.transactions()).match(/^LOCK WAIT/gm)?.length ?? 0;
  }

  /** What the engine says of its transactions. The table innodb_trx says so too, but as of a tenth of a second ago. */
  private async transactions(): Promise<string> {
    const { Status: status } = await this.database.row<{ Status: string }>('SHOW ENGINE INNODB STATUS');
    return status.split('LIST OF TRANSACTIONS FOR EACH SESSION')[1] ?? '';
  }

  /** Returns when the server has rolled back: the list of connections may forget this one before. */
  private async kill({ runner, connectionId }: OpenSession): Promise<void> {
    await this.database.change(`KILL ${connectionId}`);
    const isThere = async () => (await this.transactions()).includes(` thread id ${connectionId},`);
    while (await isThere());
    await runner.release();
  }
}
