import { wrongType } from './replies.js';
import { SortedSet } from './sorted-set.js';

/** The types of keys, as TYPE names them. */
export interface ValueOf {
  string: string;
  hash: Map<string, string>;
  set: Set<string>;
  zset: SortedSet;
}
export type KeyType = keyof ValueOf;
type CollectionType = Exclude<KeyType, 'string'>;

interface Entry<T extends KeyType = KeyType> {
  readonly type: T;
  readonly value: ValueOf[T];
  /** Milliseconds since 1970; NEVER without a TTL. */
  readonly expiresAt: number;
  /** Of the database when it made the value; in an older one, a snapshot may have the value as well. */
  readonly generation: number;
}

export const NEVER = Infinity;
/** Redis keeps times in 64 bits. */
export const MAX_TIME = 2 ** 63;

const EMPTY: { [T in CollectionType]: () => ValueOf[T] } = {
  hash: () => new Map(),
  set: () => new Set(),
  zset: () => new SortedSet(),
};

/** All keys with their values at one moment. */
export class DatabaseContents {
  /** The values are shared, and nobody changes them any more. */
  constructor(readonly entries: ReadonlyMap<string, Entry>) {}

  /** Without the keys that are not meant. */
  only(isMeant: (key: string) => boolean): DatabaseContents {
    return new DatabaseContents(new Map([...this.entries].filter(([key]) => isMeant(key))));
  }
}

let generations = 0;

/**
 * Keys, their typed values and their TTLs. A snapshot copies no value: a value that one may have is copied when it is
 * first changed afterwards, so that snapshots may be taken often.
 */
export class Database {
  private entries = new Map<string, Entry>();
  private generation = 0;

  /** `now` in milliseconds since 1970. */
  constructor(private readonly now: () => number) {}

  /** The keys that have not expired, oldest first. */
  keys(): string[] {
    return [...this.entries.keys()].filter((key) => this.entry(key) !== undefined);
  }

  has(key: string): boolean {
    return this.entry(key) !== undefined;
  }

  typeOf(key: string): KeyType | undefined {
    return this.entry(key)?.type;
  }

  /** The value, not to be changed; undefined when the key is missing. @throws RedisReplyError of another type */
  read<T extends KeyType>(key: string, type: T): Readonly<ValueOf[T]> | undefined {
    return this.typed(key, type)?.value;
  }

  /** The value, to be changed. @throws RedisReplyError of another type */
  change<T extends CollectionType>(key: string, type: T): ValueOf[T] | undefined {
    const entry = this.typed(key, type);
    if (entry === undefined) return undefined;
    if (entry.generation === this.generation) return entry.value;
    const value = copyOf(entry.value) as ValueOf[T];
    this.store(key, type, value, entry.expiresAt);
    return value;
  }

  /** The same, of an empty one where the key is missing. */
  changeOrCreate<T extends CollectionType>(key: string, type: T): ValueOf[T] {
    const present = this.change(key, type);
    if (present !== undefined) return present;
    const value: ValueOf[T] = EMPTY[type]();
    this.store(key, type, value, NEVER);
    return value;
  }

  /** Puts a string where anything or nothing was. */
  putString(key: string, value: string, expiresAt: number): void {
    this.store(key, 'string', value, expiresAt);
  }

  expiresAt(key: string): number {
    return this.entry(key)?.expiresAt ?? NEVER;
  }

  /** Sets when a key expires that is there. */
  setExpiresAt(key: string, expiresAt: number): void {
    const entry = this.entry(key);
    if (entry !== undefined) this.entries.set(key, { ...entry, expiresAt });
  }

  delete(key: string): boolean {
    return this.has(key) && this.entries.delete(key);
  }

  /** Redis has no empty collections: what a command has emptied is gone. */
  deleteIfEmpty(key: string, value: { readonly size: number }): void {
    if (value.size === 0) this.entries.delete(key);
  }

  /** Moves a key, with its TTL, onto another one. False when it is missing. */
  rename(from: string, to: string): boolean {
    const entry = this.entry(from);
    if (entry === undefined) return false;
    this.entries.delete(from);
    this.entries.set(to, entry);
    return true;
  }

  /** Moves a key that is there, with its TTL, to another database. */
  moveKey(key: string, to: Database): void {
    const entry = this.entry(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    const { type, value, expiresAt } = entry;
    // A snapshot of this one may have the value, too.
    to.store(key, type, typeof value === 'string' ? value : copyOf(value), expiresAt);
  }

  clear(): void {
    this.entries.clear();
  }

  snapshot(): DatabaseContents {
    this.generation = generations += 1;
    return new DatabaseContents(new Map(this.entries));
  }

  restore(contents: DatabaseContents): void {
    this.generation = generations += 1;
    this.entries = new Map(contents.entries);
  }

  /** A value of this type, or undefined; changes nothing, not even a key that has expired. */
  look<T extends KeyType>(key: string, type: T): Readonly<ValueOf[T]> | undefined {
    const entry = this.entries.get(key);
    return entry?.type === type && !this.hasExpired(entry) ? (entry as Entry<T>).value : undefined;
  }

  private typed<T extends KeyType>(key: string, type: T): Entry<T> | undefined {
    const entry = this.entry(key);
    if (entry !== undefined && entry.type !== type) throw wrongType();
    return entry as Entry<T> | undefined;
  }

  private entry(key: string): Entry | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined || !this.hasExpired(entry)) return entry;
    this.entries.delete(key);
    return undefined;
  }

  private hasExpired({ expiresAt }: Entry): boolean {
    return expiresAt !== NEVER && Math.floor(this.now()) > expiresAt;
  }

  private store<T extends KeyType>(key: string, type: T, value: ValueOf[T], expiresAt: number): void {
    this.entries.set(key, { type, value, expiresAt, generation: this.generation });
  }
}

function copyOf(value: ValueOf[CollectionType]): ValueOf[CollectionType] {
  if (value instanceof SortedSet) return value.copy();
  return value instanceof Map ? new Map(value) : new Set(value);
}
