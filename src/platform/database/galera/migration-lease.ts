import { Logger } from '@nestjs/common';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { databaseErrorMessage, isLockConflict } from '../database-errors.js';

const TABLE = 'schema_migration_lease';
/** Without a sign of life its holder is taken for dead after so long. */
const LENGTH_MINUTES = 15;
const RENEW_MS = 10_000;
/** A lease that is over is left alone for so long: a long DDL statement holds up every sign of life, until it is done. */
const GRACE_MS = 2 * RENEW_MS;
const POLL_MS = 250;

const BEGIN = `owner = ?, held_since = UTC_TIMESTAMP(3)`;
const PROLONG = `held_until = UTC_TIMESTAMP(3) + INTERVAL ${LENGTH_MINUTES} MINUTE`;

/** Runs one statement that commits by itself; a DataSource or a query runner is one. */
export interface Statements {
  query(sql: string, parameters?: unknown[]): Promise<unknown>;
}

/** Who migrates, and since when. */
export interface LeaseHolder {
  readonly owner: string;
  readonly since: Date;
}

interface Patience {
  /** For a holder who lives. */
  readonly waitMs: number;
  /** For a holder whose lease is over. */
  readonly graceMs?: number;
}

interface Lease {
  readonly owner: string | null;
  readonly since: Date;
  readonly until: Date;
  readonly isOver: number;
}

/** Somebody else migrates, and did not come to an end while we waited. */
export class MigrationLeaseTakenError extends Error {
  override readonly name = 'MigrationLeaseTakenError';

  constructor({ owner, since }: LeaseHolder, waitMs: number) {
    super(
      `${owner} has been migrating the database since ${since.toISOString()}, and did not end within ` +
        `${waitMs / 1000} s. Try again later. If that process no longer runs, "npm run migrate -- --unlock" frees its ` +
        `lease, which else ends ${LENGTH_MINUTES} minutes after its last sign of life`,
    );
  }
}

/**
 * The right to migrate on all nodes of a Galera cluster, where GET_LOCK and row locks are for those on the same node. It
 * is a row that is taken by one statement, which commits by itself: several nodes may try, and one commits. A row lock
 * would be given up at the first DDL statement, which commits.
 */
export class MigrationLease {
  private readonly logger = new Logger('Database');
  private readonly timer: NodeJS.Timeout;
  private isRenewing = false;

  private constructor(
    private readonly database: Statements,
    private readonly owner: string,
  ) {
    this.timer = setInterval(() => void this.renew(), RENEW_MS).unref();
  }

  /**
   * Waits for its turn.
   *
   * @throws MigrationLeaseTakenError after `waitMs`, and the errors of the database
   */
  static async take(database: Statements, { waitMs, graceMs = GRACE_MS }: Patience): Promise<MigrationLease> {
    // The number of a process is given again, and on every host: what is written must be ours alone.
    const draw = Math.random().toString(36).slice(2, 8);
    const owner = `process ${process.pid} on ${hostname()} (${draw})`;
    await createTable(database);
    const startedAt = performance.now();
    let over = { until: 0, since: 0 };
    for (;;) {
      const lease = await read(database);
      const now = performance.now();
      if (lease.isOver === 1 && over.until !== lease.until.getTime())
        over = { until: lease.until.getTime(), since: now };
      const isFree = lease.owner === null || (lease.isOver === 1 && now - over.since >= graceMs);
      if (isFree && (await change(database, `${BEGIN}, ${PROLONG}`, [owner], lease))) {
        return new MigrationLease(database, owner);
      }
      if (lease.owner !== null && now - startedAt >= waitMs) {
        throw new MigrationLeaseTakenError({ owner: lease.owner, since: lease.since }, waitMs);
      }
      await delay(POLL_MS);
    }
  }

  /** Frees the lease, whoever holds it; returns who did, or undefined when nobody does. */
  static async unlock(database: Statements): Promise<LeaseHolder | undefined> {
    await createTable(database);
    for (;;) {
      const lease = await read(database);
      if (lease.owner === null) return undefined;
      if (await change(database, 'owner = NULL', [], lease)) return { owner: lease.owner, since: lease.since };
    }
  }

  /** Gives the lease back. */
  async end(): Promise<void> {
    clearInterval(this.timer);
    const { owner } = this;
    if (!(await change(this.database, 'owner = NULL', [], { owner }))) {
      this.logger.warn(
        'the lease for migrations was freed by someone else meanwhile: others may have migrated as well',
      );
    }
  }

  private async renew(): Promise<void> {
    // A DDL statement, of our own even, holds up all others on all nodes.
    if (this.isRenewing) return;
    this.isRenewing = true;
    try {
      const { owner } = this;
      await change(this.database, PROLONG, [], { owner });
    } catch (error) {
      this.logger.warn(`the lease for migrations was not prolonged: ${databaseErrorMessage(error)}`);
    } finally {
      this.isRenewing = false;
    }
  }
}

async function createTable(database: Statements): Promise<void> {
  await database.query(`
    CREATE TABLE IF NOT EXISTS ${TABLE} (
      id TINYINT NOT NULL,
      owner VARCHAR(255) NULL,
      held_since DATETIME(3) NOT NULL,
      held_until DATETIME(3) NOT NULL,
      PRIMARY KEY (id)
    ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`);
}

/** As it is now; the row is made where there is none. */
async function read(database: Statements): Promise<Lease> {
  for (;;) {
    const rows = (await database.query(
      `SELECT owner, held_since AS since, held_until AS until, held_until < UTC_TIMESTAMP(3) AS isOver
         FROM ${TABLE} WHERE id = 1`,
    )) as Lease[];
    const [lease] = rows;
    if (lease !== undefined) return lease;
    await committed(database.query(`INSERT IGNORE INTO ${TABLE} VALUES (1, NULL, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`));
  }
}

/** Changes the row if it is still held as it was when it was read; false, and nothing changes, if not. */
async function change(
  database: Statements,
  assignments: string,
  parameters: unknown[],
  { owner, until }: { readonly owner: string | null; readonly until?: Date },
): Promise<boolean> {
  // IS NULL and = in one, in words that both servers know.
  const condition = `owner <=> ?${until === undefined ? '' : ' AND held_until = ?'}`;
  const values = [...parameters, owner, ...(until === undefined ? [] : [until])];
  return await committed(database.query(`UPDATE ${TABLE} SET ${assignments} WHERE id = 1 AND ${condition}`, values));
}

/** Whether a statement has changed something. Another node that commits first has a conflict be the answer. */
async function committed(statement: Promise<unknown>): Promise<boolean> {
  try {
    return ((await statement) as { affectedRows: number }).affectedRows === 1;
  } catch (error) {
    if (isLockConflict(error)) return false;
    throw error;
  }
}
