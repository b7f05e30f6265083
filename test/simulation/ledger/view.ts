import { LedgerError } from './ledger-error.js';
import type { Lock, LockMode } from './lock-queue.js';
import type { AnyRow, TableName } from './rows.js';
import type { Table, Tables } from './table.js';
import type { Transaction } from './transaction.js';
import { type Key, type Place, StoredRow, type UniqueIndex } from './unique-index.js';

/** What is done under locks: it yields each lock that it cannot have at once, and goes on when it is woken. */
export type Locking<T> = Generator<Lock, T, undefined>;

/** Refuses rows that are inserted, as a server does that cannot store a value. */
export type Refusal = (table: TableName, row: AnyRow) => LedgerError | undefined;

interface LockedRow<Row extends object> {
  readonly place: Place<Row>;
  readonly stored: StoredRow<Row>;
  /** Undefined when it was locked before. */
  readonly lock: Lock | undefined;
}

/** The tables as a transaction sees and changes them: READ COMMITTED, with the locks that InnoDB takes for it. */
export class View {
  /**
   * Indexes in which the statement has inserted keys that the transaction had deleted. It then has shared locks of the
   * old entries and of what comes after them, and with them of the gaps in which its next entries come to lie.
   */
  private readonly passed = new Set<object>();
  /** A lock of a row that has gone meanwhile. */
  private vainLock: Lock | undefined;

  /**
   * @param now when the statement began
   */
  constructor(
    readonly tables: Tables,
    readonly now: Date,
    private readonly transaction: Transaction,
    private readonly refusal: Refusal,
  ) {}

  /** The row with this key; a plain read. */
  find<Row extends object, K extends Key>(index: UniqueIndex<Row, K>, key: K): Row | undefined {
    return index.find(key, this.transaction);
  }

  /** The rows whose keys begin with this column, in no order; a plain read. */
  rowsOf<Row extends object, K extends Key>(index: UniqueIndex<Row, K>, group: K[0]): Row[] {
    return index.rowsOf(group, this.transaction);
  }

  /** All rows, in no order; a plain read. */
  rows<Row extends object>(index: UniqueIndex<Row>): Row[] {
    return index.rows(this.transaction);
  }

  /** SELECT ... FOR UPDATE of one row: undefined, and nothing is locked, when there is none. */
  *lock<Row extends object, K extends Key>(index: UniqueIndex<Row, K>, key: K): Locking<Row | undefined> {
    return (yield* this.lockRow(index, key))?.stored.seenBy(this.transaction);
  }

  /** SELECT ... FOR UPDATE of the rows whose keys begin with this column, the lowest first. */
  *lockAll<Row extends object, K extends Key>(index: UniqueIndex<Row, K>, group: K[0]): Locking<Row[]> {
    const rows: Row[] = [];
    this.transaction.lockTable(index.table);
    for (const key of index.walk(group)) {
      const row = yield* this.lock(index, key);
      if (row !== undefined) rows.push(row);
    }
    return rows;
  }

  /**
   * UPDATE of one row, found by a unique key that it keeps. Whether there is one that matches.
   *
   * @param change what it becomes; undefined when the WHERE does not match
   */
  *update<Row extends object, K extends Key>(
    index: UniqueIndex<Row, K>,
    key: K,
    change: (row: Row) => Row | undefined,
  ): Locking<boolean> {
    const locked = yield* this.lockRow(index, key);
    const before = locked?.stored.seenBy(this.transaction);
    if (locked === undefined || before === undefined) return false;
    const after = change(before);
    if (after === undefined) {
      giveBack(locked);
      return false;
    }
    if (!isSame(before, after)) this.write(locked.stored, after);
    return true;
  }

  /** INSERT of these rows, one after the other. @throws LedgerError of a duplicate key, or of a refused row */
  *insert<Row extends AnyRow>(table: Table<Row>, rows: readonly Row[]): Locking<void> {
    for (const row of rows) {
      const refused = this.refusal(table.name, row);
      if (refused !== undefined) throw refused;
      table.skipIdOf(row);
      yield* this.insertRow(table, row);
    }
  }

  /** INSERT ... ON DUPLICATE KEY UPDATE that changes nothing: either way the row is locked. */
  *insertUnlessThere<Row extends AnyRow>(table: Table<Row>, index: UniqueIndex<Row>, row: Row): Locking<void> {
    const key = index.keyOf(row);
    if (key !== undefined && (yield* this.lockRow(index, key)) !== undefined) return;
    yield* this.insert(table, [row]);
    // For this statement InnoDB does not forget the lock: it becomes one of what comes next, which is the end of the index
    // for the newest key, and one of the gap below the new entry.
    if (this.vainLock !== undefined) this.vainLock.ownObjects += 2;
  }

  /** DELETE of the rows whose keys begin with this column, the lowest first; how many. */
  *deleteAll<Row extends object, K extends Key>(index: UniqueIndex<Row, K>, group: K[0]): Locking<number> {
    let deleted = 0;
    this.transaction.lockTable(index.table);
    for (const key of index.walk(group)) deleted += yield* this.deleteRow(index, key);
    return deleted;
  }

  /**
   * DELETE of the rows whose keys begin with a lower value, the lowest first; how many. The server sees where to stop
   * when it has locked the first row that is not meant.
   */
  *deleteBelow<Row extends object, K extends Key>(index: UniqueIndex<Row, K>, limit: K[0]): Locking<number> {
    let deleted = 0;
    this.transaction.lockTable(index.table);
    for (const key of index.walk()) {
      if (key[0] < limit) {
        deleted += yield* this.deleteRow(index, key);
        continue;
      }
      const next = yield* this.lockRow(index, key);
      if (next === undefined) continue;
      giveBack(next);
      break;
    }
    return deleted;
  }

  /** DELETE of one row; whether there was one. */
  *delete<Row extends object, K extends Key>(index: UniqueIndex<Row, K>, key: K): Locking<boolean> {
    return (yield* this.deleteRow(index, key)) === 1;
  }

  private *deleteRow<Row extends object, K extends Key>(index: UniqueIndex<Row, K>, key: K): Locking<number> {
    const locked = yield* this.lockRow(index, key);
    if (locked === undefined) return 0;
    this.write(locked.stored, undefined);
    return 1;
  }

  private write<Row extends object>(stored: StoredRow<Row>, row: Row | undefined): void {
    if (!this.transaction.isDoomed && !this.transaction.losesTo(stored)) this.transaction.write(stored, row);
  }

  private *insertRow<Row extends object>(table: Table<Row>, row: Row): Locking<void> {
    if (this.transaction.isDoomed) return;
    let stored: StoredRow<Row> | undefined;
    this.transaction.lockTable(table.name);
    for (const index of table.indexes) {
      const key = index.keyOf(row);
      if (key === undefined) continue;
      const place = yield* this.freePlace(index, key, stored);
      if (place.rows.some((other) => other !== stored && this.transaction.losesTo(other))) return;
      if (stored === undefined) {
        // At most one that this transaction has deleted: it comes back as another version.
        const [deleted] = place.rows;
        stored = deleted ?? new StoredRow<Row>(table.name);
        stored.hasReturned = deleted !== undefined;
        this.transaction.write(stored, row);
      }
      if (place.rows.length > 0 && !index.isPrimary) this.passed.add(index);
      if (this.passed.has(index) && !place.rows.includes(stored)) this.lockGap(place);
      place.enter(stored);
    }
  }

  /** The place of a key that no row has, and that nobody else can take before us. */
  private *freePlace<Row extends object, K extends Key>(
    index: UniqueIndex<Row, K>,
    key: K,
    own: StoredRow<Row> | undefined,
  ): Locking<Place<Row>> {
    for (;;) {
      const place = index.placeFor(key);
      if (place.rows.length > 0) {
        yield* this.acquire(place, 'shared');
        const taken = place.rowFor(this.transaction);
        if (taken !== undefined && taken !== own) throw LedgerError.duplicateKey(key.join('-'), index.name);
      }
      // Whoever had to wait looks again: the place may be taken now.
      if (!place.isKeptFrom(this.transaction, 'inserting')) return place;
      yield place.request(this.transaction, 'inserting');
    }
  }

  private *lockRow<Row extends object, K extends Key>(
    index: UniqueIndex<Row, K>,
    key: K,
  ): Locking<LockedRow<Row> | undefined> {
    this.transaction.lockTable(index.table);
    for (;;) {
      const place = index.placeOf(key);
      if (place === undefined || place.rows.length === 0) return undefined;
      const lock = yield* this.acquire(place, 'exclusive');
      const stored = place.rowFor(this.transaction);
      if (stored !== undefined) {
        this.transaction.holds(stored);
        return { place, stored, lock };
      }
      // The row that it waited for has gone. There may be another one by now.
      if (lock?.state !== 'ended') return undefined;
      this.vainLock = lock;
    }
  }

  /** Keeps others from inserting here. */
  private lockGap<Row extends object>(place: Place<Row>): void {
    if (!place.isHeldBy(this.transaction, 'gap')) place.grant(this.transaction, 'gap');
  }

  /** Waits for the lock; undefined when the transaction has it, or a stronger one, already. */
  private *acquire<Row extends object>(place: Place<Row>, mode: LockMode): Locking<Lock | undefined> {
    place.writeDownLocksOfOthers(this.transaction);
    if (place.isHeldBy(this.transaction, mode)) return undefined;
    if (place.isHeldBy(this.transaction, 'exclusive')) {
      // A shared lock, other than of a primary key, is one of the gap below too: that alone is missing.
      if (mode === 'shared' && !place.page.isPrimary) this.lockGap(place);
      return undefined;
    }
    // As MariaDB; MySQL writes the lock down, which only counts when a victim is chosen.
    if ((mode === 'exclusive' || place.page.isPrimary) && place.isWrittenBy(this.transaction)) return undefined;
    const lock = place.request(this.transaction, mode);
    if (lock.state === 'waiting') yield lock;
    return lock;
  }
}

/**
 * The row does not match. At READ COMMITTED InnoDB then gives back a lock that it could have at once; one for which it
 * had to wait it keeps.
 */
function giveBack<Row extends object>({ place, lock }: LockedRow<Row>): void {
  if (lock?.hasWaited === false) place.end(lock);
}

/** Whether nothing would be written: MySQL compares the columns, and leaves such a row alone. */
function isSame<Row extends object>(before: Row, after: Row): boolean {
  const columns = Object.keys(after) as Array<keyof Row>;
  return columns.every((column) => Object.is(plain(before[column]), plain(after[column])));
}

function plain(value: unknown): unknown {
  return value instanceof Date ? value.getTime() : value;
}
