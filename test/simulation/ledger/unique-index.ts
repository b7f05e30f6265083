import { type Lock, type LockHolder, LockQueue } from './lock-queue.js';
import type { TableName } from './rows.js';

type Part = number | string;
/** The columns of a key. Of several, the rows that agree in the first one lie together. */
export type Key = readonly [Part, ...Part[]];

/**
 * A row as all see it, and as the transaction sees it that has changed it. There is one such transaction at most, since
 * it holds the row's lock. The versions themselves never change.
 */
export class StoredRow<Row extends object> {
  /** Where it is entered: under the keys that it has for all, and under those that it has for its writer. */
  readonly places: Array<Place<Row>> = [];
  committed: Row | undefined;
  current: Row | undefined;
  /** The version that lies on the page: the current one, or what the row was when it was deleted. */
  onPage: Row | undefined;
  /** Undefined: both versions are the same. */
  writer: LockHolder | undefined;
  /** The place of its last commit in the order of a Galera cluster. */
  private changedAt = 0;
  /** What was committed before, the latest last, and until which place of the order. */
  private readonly past: Array<{ readonly until: number; readonly row: Row | undefined }> = [];
  /** Deleted and inserted again: its versions may have different keys. */
  hasReturned = false;

  constructor(readonly table: TableName) {}

  /** READ COMMITTED: what is committed, and what the reader has written itself. */
  seenBy(reader: LockHolder | undefined): Row | undefined {
    if (reader === undefined) return this.committed;
    if (this.writer === reader) return this.current;
    return reader.sees >= this.changedAt ? this.committed : this.committedAt(reader.sees);
  }

  /** What its writer has written is committed; at this place of the order, where there are several nodes. */
  commit(place: number | undefined): void {
    if (place !== undefined) {
      this.past.push({ until: place, row: this.committed });
      this.changedAt = place;
    }
    this.committed = this.current;
    this.writer = undefined;
  }

  /** Whether somebody has committed a version that the reader has not seen. */
  isNewerThan(reader: LockHolder): boolean {
    return this.changedAt > reader.sees;
  }

  /** Whether its last commit is behind the first place of the order, and not behind the second. */
  hasChangedBetween(after: number, upTo: number): boolean {
    return this.changedAt > after && this.changedAt <= upTo;
  }

  private committedAt(place: number): Row | undefined {
    let row = this.committed;
    for (let index = this.past.length - 1; index >= 0; index -= 1) {
      const version = this.past[index];
      if (version === undefined || version.until <= place) break;
      row = version.row;
    }
    return row;
  }

  /** Inserted or deleted, and not committed. */
  get isUnsettled(): boolean {
    return this.writer !== undefined && (this.committed === undefined || this.current === undefined);
  }

  /** Puts the version in the place of the one on the page. */
  putOnPage(row: Row): void {
    const before = this.onPage;
    this.onPage = row;
    if (before === undefined || !isOtherLength(before, row)) return;
    for (const place of this.places) if (place.page.isPrimary) place.moveLocks();
  }

  /** Leaves the places of keys that neither version has any more. */
  leaveOldPlaces(): void {
    this.hasReturned &&= this.writer !== undefined;
    for (const place of this.places.slice()) {
      if (!place.isOf(this.committed) && !place.isOf(this.current)) place.leave(this);
    }
  }
}

/** The entry of a key in a unique index, with its locks. It may be empty: a key can be locked that no row has. */
export class Place<Row extends object> extends LockQueue {
  /** More than one only when a transaction has deleted a row and inserted another one with its key. */
  readonly rows: Array<StoredRow<Row>> = [];

  constructor(
    override readonly page: UniqueIndex<Row>,
    readonly key: Key,
  ) {
    super();
  }

  /** The row that the reader sees here. */
  rowFor(reader: LockHolder | undefined): StoredRow<Row> | undefined {
    return this.rows.find((stored) => {
      const row = stored.seenBy(reader);
      return row !== undefined && (!stored.hasReturned || this.isOf(row));
    });
  }

  /** Whether the row has this key. */
  isOf(row: Row | undefined): boolean {
    const key = row && this.page.keyOf(row);
    return key !== undefined && this.page.placeOf(key) === this;
  }

  enter(stored: StoredRow<Row>): void {
    if (this.rows.includes(stored)) return;
    this.rows.push(stored);
    stored.places.push(this);
  }

  leave(stored: StoredRow<Row>): void {
    this.rows.splice(this.rows.indexOf(stored), 1);
    stored.places.splice(stored.places.indexOf(this), 1);
    if (this.rows.length === 0) this.forsake();
    this.page.tidy(this);
  }

  override end(lock: Lock): void {
    super.end(lock);
    this.page.tidy(this);
  }

  /** Whether the holder needs no lock to change the row: it has inserted or deleted it itself. */
  isWrittenBy(holder: LockHolder): boolean {
    return this.rows.some(({ writer, isUnsettled }) => writer === holder && isUnsettled);
  }

  /**
   * Whoever has inserted or deleted a row holds the exclusive locks of all its entries. As in InnoDB they are written
   * down only when somebody else asks for one.
   */
  writeDownLocksOfOthers(asking: LockHolder): void {
    for (const { writer, isUnsettled } of this.rows) {
      if (writer === undefined || writer === asking || !isUnsettled) continue;
      if (!this.isHeldBy(writer, 'exclusive')) this.grant(writer, 'exclusive');
    }
  }
}

/** A unique index, the primary key included. */
export class UniqueIndex<Row extends object, K extends Key = Key> {
  private readonly groups = new Map<Part, Map<Part, Place<Row>>>();

  /**
   * @param name as errors call it
   * @param columnsOf undefined for a row without a key, since a column of it is null
   */
  constructor(
    readonly table: TableName,
    readonly name: string,
    private readonly columnsOf: (row: Row) => K | undefined,
  ) {}

  get isPrimary(): boolean {
    return this.name === 'PRIMARY';
  }

  /** The row's key; undefined when it has none here. */
  keyOf(row: Row): K | undefined {
    return this.columnsOf(row);
  }

  /** The row with this key, as the reader sees it; without a reader as it is committed. */
  find(key: K, reader?: LockHolder): Row | undefined {
    return this.placeOf(key)?.rowFor(reader)?.seenBy(reader);
  }

  /** The rows whose keys of several columns begin like this, in no order; as {@link find} sees them. */
  rowsOf(group: K[0], reader?: LockHolder): Row[] {
    return rowsIn(this.groups.get(group), reader);
  }

  /** All rows, in no order; as {@link find} sees them. */
  rows(reader?: LockHolder): Row[] {
    return [...this.groups.values()].flatMap((group) => rowsIn(group, reader));
  }

  placeOf(key: Key): Place<Row> | undefined {
    return this.groups.get(groupOf(key))?.get(restOf(key));
  }

  /** The place of the key, made when there is none. */
  placeFor(key: K): Place<Row> {
    const [groupKey, rest] = [groupOf(key), restOf(key)];
    let group = this.groups.get(groupKey);
    if (group === undefined) this.groups.set(groupKey, (group = new Map()));
    let place = group.get(rest);
    if (place === undefined) group.set(rest, (place = new Place<Row>(this, key)));
    return place;
  }

  /** The keys that rows have or may get, also those that only their writers see, lowest first; of a group, or all. */
  private keys(group?: K[0]): K[] {
    const places = [...this.groups.values()].flatMap((each) => [...each.values()]);
    return places
      .filter(({ rows, key }) => rows.length > 0 && (group === undefined || key[0] === group))
      .map(({ key }) => key as K)
      .sort(compareKeys);
  }

  /** The keys one after the other, as {@link keys} has them: also those that come while whoever walks waits. */
  *walk(group?: K[0]): Generator<K, void, undefined> {
    const next = (after?: K) => this.keys(group).find((key) => after === undefined || compareKeys(key, after) > 0);
    for (let key = next(); key !== undefined; key = next(key)) yield key;
  }

  /** Forgets the place unless it has a row or a lock. */
  tidy(place: Place<Row>): void {
    if (place.rows.length > 0 || !place.isEmpty) return;
    const group = this.groups.get(groupOf(place.key));
    if (group?.get(restOf(place.key)) !== place) return;
    group.delete(restOf(place.key));
    if (group.size === 0) this.groups.delete(groupOf(place.key));
  }
}

/** Whether a text has another length, or a column is null in one of them alone. */
function isOtherLength<Row extends object>(one: Row, other: Row): boolean {
  return (Object.keys(other) as Array<keyof Row>).some((column) => lengthOf(one[column]) !== lengthOf(other[column]));
}

function lengthOf(value: unknown): number | null | undefined {
  if (value === null) return null;
  return typeof value === 'string' ? Buffer.byteLength(value) : undefined;
}

function rowsIn<Row extends object>(group: Map<Part, Place<Row>> | undefined, reader: LockHolder | undefined): Row[] {
  const rows: Row[] = [];
  for (const place of group?.values() ?? []) {
    const row = place.rowFor(reader)?.seenBy(reader);
    if (row !== undefined) rows.push(row);
  }
  return rows;
}

function groupOf(key: Key): Part {
  return key.length === 1 ? '' : key[0];
}

/** What tells the keys of a group apart. */
function restOf(key: Key): Part {
  const [first, second] = key;
  if (second === undefined) return first;
  return key.length === 2 ? second : key.slice(1).join('-');
}

function compareKeys(a: Key, b: Key): number {
  const at = a.findIndex((part, index) => part !== b[index]);
  if (at < 0) return 0;
  return (a[at] as Part) < (b[at] as Part) ? -1 : 1;
}
