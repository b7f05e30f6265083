/**
 * Locks as InnoDB keeps them: one queue for each entry of a unique index, first come first served. Of its gap locks
 * there are only those that an entry leaves when it disappears, and those that an insert takes beside entries of its own
 * transaction; they lock the place of this one key. InnoDB's reach to the next key, and an insert over an entry that was
 * deleted and is not purged locks the next one too: so there a few statements wait for a neighbour that do not wait here.
 */

/**
 * - `exclusive`: to change the row, or FOR UPDATE
 * - `shared`: an insert found the key taken, and looks whether it stays so
 * - `gap`: nobody else inserts there. It is what becomes of a shared lock when its entry disappears, and what an insert
 *   takes in its place when the key is taken by a row that the same transaction has locked
 * - `inserting`: to fill an empty place; only kept while it waits
 */
export type LockMode = 'exclusive' | 'shared' | 'gap' | 'inserting';

/** A transaction, as far as locks are concerned. */
export interface LockHolder {
  /** What it holds, waits for or has given back, in the order in which it asked. */
  readonly locks: Lock[];
  readonly waitsFor: Lock | undefined;
  /** Of a Galera cluster: locks of others nodes keep nobody out. Undefined of a single server. */
  readonly node: object | undefined;
  /** Up to which commit it sees what others have committed. */
  readonly sees: number;
  /** The lock that it waits for is its own now, or of no use any more. */
  wake(): void;
}

export interface Lock {
  readonly queue: LockQueue;
  readonly holder: LockHolder;
  readonly mode: LockMode;
  state: 'waiting' | 'granted' | 'ended';
  /** It could not be had at once. */
  readonly hasWaited: boolean;
  /**
   * How many objects InnoDB has made for it alone. It makes one when somebody waits for the entry, the holder or another;
   * else the lock shares the object of the holder's other locks of this mode on the page.
   */
  ownObjects: number;
}

/** The locks of one entry, in the order in which they were asked for. */
export abstract class LockQueue {
  /** Where the entry lies: InnoDB counts the locks of one mode on one page as one. */
  abstract readonly page: object;
  private readonly locks: Lock[] = [];

  get isEmpty(): boolean {
    return this.locks.length === 0;
  }

  /** Whether the holder has such a lock. */
  isHeldBy(holder: LockHolder, mode: LockMode): boolean {
    return this.locks.some((lock) => lock.holder === holder && lock.state === 'granted' && lock.mode === mode);
  }

  /** Whether another holder's lock, or its turn to get one, keeps this one from it. */
  isKeptFrom(holder: LockHolder, mode: LockMode): boolean {
    return this.locks.some((other) => keepsOut(other, holder, mode));
  }

  /** Gives the holder the lock, or puts it in line for it. */
  request(holder: LockHolder, mode: LockMode): Lock {
    const hasWaited = this.isKeptFrom(holder, mode);
    return this.add(holder, mode, hasWaited);
  }

  /** Gives the holder a lock that nobody may keep from it. */
  grant(holder: LockHolder, mode: LockMode): void {
    this.add(holder, mode, false);
  }

  /**
   * The row has another length now. InnoDB takes such a row off its page and puts it there anew, and its locks wait
   * elsewhere meanwhile: whoever waits for one gets a new object each way, and keeps the old ones.
   */
  moveLocks(): void {
    for (const lock of this.locks) if (lock.state === 'waiting') lock.ownObjects += 2;
  }

  /** Whom this lock waits for: their locks, or their turns, come before it. */
  blockersOf(waiting: Lock): LockHolder[] {
    const ahead = this.locks.slice(0, this.locks.indexOf(waiting));
    return ahead.filter((other) => keepsOut(other, waiting.holder, waiting.mode)).map(({ holder }) => holder);
  }

  /** Ends the lock, or the wait for it; whoever comes next is woken. */
  end(lock: Lock): void {
    this.remove(lock);
    this.grantNext();
  }

  /** The entry has disappeared: nobody waits for it any more, and a shared lock becomes one of the place. */
  forsake(): void {
    const ended = this.locks.filter(({ mode }) => mode === 'exclusive' || mode === 'shared');
    const waiting = ended.filter(({ state }) => state === 'waiting');
    for (const lock of ended) this.remove(lock);
    for (const { mode, holder } of ended)
      if (mode === 'shared' && !this.isHeldBy(holder, 'gap')) this.grant(holder, 'gap');
    for (const { holder } of waiting) holder.wake();
    this.grantNext();
  }

  private add(holder: LockHolder, mode: LockMode, hasWaited: boolean): Lock {
    const ownObjects = Number(hasWaited || this.locks.some(({ state }) => state === 'waiting'));
    const lock: Lock = { queue: this, holder, mode, state: hasWaited ? 'waiting' : 'granted', hasWaited, ownObjects };
    this.locks.push(lock);
    holder.locks.push(lock);
    return lock;
  }

  private remove(lock: Lock): void {
    lock.state = 'ended';
    const at = this.locks.indexOf(lock);
    if (at >= 0) this.locks.splice(at, 1);
  }

  private grantNext(): void {
    for (const lock of this.locks) {
      if (lock.state !== 'waiting' || this.blockersOf(lock).length > 0) continue;
      lock.state = 'granted';
      lock.holder.wake();
    }
  }
}

function keepsOut(other: Lock, holder: LockHolder, mode: LockMode): boolean {
  if (other.holder === holder || areOfTwoNodes(other.holder, holder)) return false;
  if (mode === 'inserting') return other.mode === 'gap';
  if (other.mode === 'gap' || other.mode === 'inserting') return false;
  return mode === 'exclusive' || other.mode === 'exclusive';
}

/** Locks are known on their own node alone. Someone without a node stands for all of them. */
function areOfTwoNodes(one: LockHolder, other: LockHolder): boolean {
  return one.node !== undefined && other.node !== undefined && one.node !== other.node;
}
