import type { LedgerError } from './ledger-error.js';
import type { GaleraNode } from './galera.js';
import type { Lock, LockHolder } from './lock-queue.js';
import type { AnyRow, TableName, WrittenRows } from './rows.js';
import type { StoredRow } from './unique-index.js';

interface Write {
  readonly stored: Pick<
    StoredRow<object>,
    'table' | 'committed' | 'current' | 'writer' | 'commit' | 'putOnPage' | 'leaveOldPlaces'
  >;
  readonly before: object | undefined;
  readonly onPageBefore: object | undefined;
  /** The first write of this row: nobody else's version is uncommitted before it. */
  readonly isFirst: boolean;
}

type Changes = Record<keyof NonNullable<WrittenRows[TableName]>, AnyRow[]>;

/** The session in which it runs. */
interface TransactionOwner {
  /** The lock that the transaction waited for is its own, or of no use any more. */
  goOn(): void;
  /** Ends the transaction in the middle of a statement that waits. */
  abort(error: LedgerError): void;
}

/** What a transaction has written and locked. It ends with one call of commit or rollback, and is not used any more. */
export class Transaction implements LockHolder {
  readonly locks: Lock[] = [];
  waitsFor: Lock | undefined;
  sees = Infinity;
  /** Another node's transaction comes first: what this one writes is never seen, and its COMMIT says so. */
  isDoomed = false;
  private readonly locked: Array<Pick<StoredRow<object>, 'hasChangedBetween'>> = [];
  private readonly writes: Write[] = [];
  private readonly lockedTables = new Set<TableName>();

  constructor(
    readonly owner: TransactionOwner,
    readonly node: GaleraNode | undefined,
  ) {}

  /**
   * A statement begins, or COMMIT: it sees what its node has applied by now. Where that has changed a row which this
   * transaction has locked, the node has ended it.
   */
  look(): void {
    if (this.node === undefined) return;
    const { position } = this.node;
    if (this.locked.some((stored) => stored.hasChangedBetween(this.sees, position))) this.isDoomed = true;
    this.sees = position;
  }

  /** The row is locked: nothing that comes from another node may change it. */
  holds(stored: Pick<StoredRow<object>, 'hasChangedBetween'>): void {
    if (this.node !== undefined) this.locked.push(stored);
  }

  /**
   * Whether the row is another node's, of which this transaction knows nothing: one of the two will not commit. False when
   * it may be written.
   */
  losesTo<Row extends object>(stored: StoredRow<Row>): boolean {
    if (this.node === undefined) return false;
    const other = stored.writer as Transaction | undefined;
    if (stored.isNewerThan(this)) this.isDoomed = true;
    else if (other !== undefined && other !== this) {
      if (other.node === undefined || this.node.cluster.isSecondToLose()) this.isDoomed = true;
      else other.lose();
    }
    return this.isDoomed;
  }

  private lose(): void {
    this.rollbackTo(0);
    this.isDoomed = true;
  }

  wake(): void {
    this.waitsFor = undefined;
    this.owner.goOn();
  }

  /** Says that rows of the table are about to be locked, be there some or none; keeps out nobody. */
  lockTable(table: TableName): void {
    this.lockedTables.add(table);
  }

  /** Gives the row this version, undefined to delete it. The transaction must hold the row's lock. */
  write<Row extends object>(stored: StoredRow<Row>, row: Row | undefined): void {
    const { current: before, onPage: onPageBefore } = stored;
    this.writes.push({ stored, before, onPageBefore, isFirst: stored.writer === undefined });
    stored.writer = this;
    stored.current = row;
    if (row !== undefined) stored.putOnPage(row);
  }

  /** The place to which {@link rollbackTo} goes back. */
  get savepoint(): number {
    return this.writes.length;
  }

  /** Takes back what was written since then; the locks stay, but for those of rows that disappear. */
  rollbackTo(savepoint: number): void {
    for (const { stored, before, onPageBefore, isFirst } of this.writes.splice(savepoint).toReversed()) {
      stored.current = before;
      if (onPageBefore !== undefined) stored.putOnPage(onPageBefore);
      if (isFirst) stored.writer = undefined;
      if (before === undefined) stored.leaveOldPlaces();
    }
  }

  rollback(): void {
    this.rollbackTo(0);
    this.endLocks();
  }

  /** Shows everyone what was written; undefined when that is nothing. */
  commit(): WrittenRows | undefined {
    const written: { [Name in TableName]?: Changes } = {};
    const place = this.writes.length === 0 ? undefined : this.node?.cluster.commit();
    if (place !== undefined) this.node?.catchUp();
    for (const { stored } of this.writes) {
      // Written more than once.
      if (stored.writer === undefined) continue;
      const before = stored.committed;
      stored.commit(place);
      const row = (stored.committed ?? before) as AnyRow | undefined;
      if (row !== undefined) {
        const kind = before === undefined ? 'inserted' : stored.committed === undefined ? 'deleted' : 'updated';
        (written[stored.table] ??= { inserted: [], updated: [], deleted: [] })[kind].push(row);
      }
      stored.leaveOldPlaces();
    }
    this.endLocks();
    return this.writes.length === 0 ? undefined : (written as WrittenRows);
  }

  /**
   * What it costs to roll it back, as InnoDB reckons (TRX_WEIGHT): rows written, and lock objects. One object stands for
   * a table, and one for all locks of a mode on a page, but for those that have their own; each of our indexes is one
   * page.
   */
  get weight(): number {
    const kinds = new Map<object, Set<string>>();
    let objects = this.lockedTables.size;
    for (const { queue, mode, ownObjects } of this.locks) {
      const modes = kinds.get(queue.page) ?? new Set();
      kinds.set(queue.page, modes);
      objects += modes.has(mode) ? ownObjects : Math.max(1, ownObjects);
      modes.add(mode);
    }
    return this.writes.length + objects;
  }

  private endLocks(): void {
    this.waitsFor = undefined;
    for (const lock of this.locks) if (lock.state !== 'ended') lock.queue.end(lock);
  }
}
