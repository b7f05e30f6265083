import type { Reservation } from '../../src/coupon/reservation/reservation.js';
import type { ReservationKey } from './planted-faults.js';

type Reason = 'SOLD_OUT_IN_LEDGER' | 'REFUSED_BY_DATABASE';

/** What Redis is expected to hold of the coupon; a key that is not there is undefined or empty. */
export interface ModelKeys {
  /** `isCurrent`: loaded into the server that answers now. */
  state: { total: number; version: number; isCurrent: boolean } | undefined;
  reserved: number | undefined;
  users: Set<number>;
  /** The last number given out; 'NEW' after a rebuild that may choose any above all that were given out. */
  sequence: number | 'NEW' | undefined;
  pending: Map<number, number>;
}

export interface ModelDecision {
  readonly issued: Reservation[];
  readonly failed: Array<Reservation & { reason: Reason }>;
}

interface Mark {
  readonly sequence: number;
  readonly issued: number;
  /** Users then who held a slot with neither a row nor a pending entry, and since which rebuild. */
  readonly leaked: ReadonlySet<number>;
  readonly rebuilds: number;
}

/**
 * What the saga promises, without Redis, MySQL or time: the scripts, the ledger, the sweep and the rebuild of one
 * coupon as pure functions of this state. Simple because it does one thing after the other and forgets nothing.
 */
export class SagaModel {
  version = 1;
  /** user → the number of their row. */
  readonly rows = new Map<number, number>();
  readonly failures: Array<Reservation & { reason: Reason }> = [];
  keys: ModelKeys;
  /** How often the coupon was rebuilt. */
  private rebuilds = 0;
  /** Users who got a row since the last rebuild, for a number from before it. */
  private readonly late = new Set<number>();
  /** The greatest number given out, now and at the last rebuild. */
  private greatest = 0;
  private greatestAtRebuild = 0;
  private readonly marks: Array<Mark | undefined> = [];

  constructor(public total: number) {
    const state = { total, version: 1, isCurrent: true };
    this.keys = { state, reserved: 0, users: new Set(), sequence: 0, pending: new Map() };
  }

  get isLoaded(): boolean {
    const { state, reserved, users, sequence } = this.keys;
    return state?.isCurrent === true && sequence !== undefined && reserved === users.size;
  }

  hasEnded({ userId, sequenceNumber }: Reservation): boolean {
    return this.rows.has(userId) || this.failureOf({ userId, sequenceNumber }) !== undefined;
  }

  reserve(userId: number): number | 'NOT_LOADED' | 'ALREADY_RESERVED' | 'SOLD_OUT' {
    const { state, users, pending } = this.keys;
    if (!this.isLoaded || state === undefined) return 'NOT_LOADED';
    if (users.has(userId)) return 'ALREADY_RESERVED';
    if (users.size >= state.total) return 'SOLD_OUT';
    const number = Number(this.keys.sequence) + 1;
    users.add(userId);
    pending.set(userId, number);
    this.keys.reserved = users.size;
    this.keys.sequence = number;
    this.greatest = number;
    return number;
  }

  /** Lowest number first, as long as there is room. Whoever holds a row then is issued, whatever failed before. */
  decide(reservations: readonly Reservation[]): ModelDecision {
    for (const reservation of [...reservations].sort((a, b) => a.sequenceNumber - b.sequenceNumber)) {
      const { userId, sequenceNumber } = reservation;
      if (this.hasEnded(reservation) || this.rows.size >= this.total) continue;
      this.rows.set(userId, sequenceNumber);
      if (sequenceNumber <= this.greatestAtRebuild) this.late.add(userId);
    }
    const refused = reservations.filter((reservation) => !this.hasEnded(reservation));
    for (const reservation of refused) this.fail(reservation, 'SOLD_OUT_IN_LEDGER');
    if (refused.length > 0) this.version += 1;
    return this.decision(reservations);
  }

  refuse(reservation: Reservation): ModelDecision {
    if (!this.hasEnded(reservation)) this.fail(reservation, 'REFUSED_BY_DATABASE');
    return this.decision([reservation]);
  }

  settle({ issued, failed }: ModelDecision): void {
    if (failed.some(({ reason }) => reason === 'SOLD_OUT_IN_LEDGER')) this.publish();
    this.confirm(issued);
    this.release(failed);
  }

  confirm(reservations: readonly Reservation[]): void {
    const { users, pending } = this.keys;
    const isLoaded = this.isLoaded;
    for (const { userId, sequenceNumber } of reservations) {
      if (isLoaded) {
        pending.delete(userId);
        users.add(userId);
      } else if (!pending.has(userId)) pending.set(userId, sequenceNumber);
    }
    if (isLoaded) this.keys.reserved = users.size;
  }

  release(reservations: readonly Reservation[]): void {
    if (!this.isLoaded) return;
    const { users, pending } = this.keys;
    for (const { userId, sequenceNumber } of reservations) {
      if (pending.get(userId) !== sequenceNumber) continue;
      pending.delete(userId);
      users.delete(userId);
    }
    this.keys.reserved = users.size;
  }

  change(total: number): 'CHANGED' | 'QUANTITY_BELOW_COMMITTED' | 'RESERVATION_UNAVAILABLE' {
    if (total < this.total) {
      if (total < this.rows.size) return 'QUANTITY_BELOW_COMMITTED';
      if (!this.isLoaded) {
        this.rebuild();
        return 'RESERVATION_UNAVAILABLE';
      }
      if (this.keys.users.size > total) return 'QUANTITY_BELOW_COMMITTED';
      this.lowerInRedis(total);
      this.total = total;
      this.version = this.keys.state?.version ?? this.version;
      return 'CHANGED';
    }
    this.total = total;
    this.version += 1;
    this.publish();
    this.reconcile();
    return 'CHANGED';
  }

  /** The first half of lowering the total, under a version above that of both. */
  lowerInRedis(total: number): boolean {
    const { state, users } = this.keys;
    if (!this.isLoaded || state === undefined || users.size > total) return false;
    this.keys.state = { ...state, total, version: Math.max(this.version, state.version) + 1 };
    return true;
  }

  /** Users = rows and pending. Unless nothing was missing, the sequence begins anew above all that was given out. */
  rebuild(): void {
    const { state, reserved, users, sequence } = this.keys;
    const isComplete = reserved !== undefined && sequence !== undefined && (users.size > 0 || reserved === 0);
    const goesOn = state?.isCurrent === true && isComplete;
    this.beginEpoch();
    this.keys.users = new Set([...this.rows.keys(), ...this.keys.pending.keys()]);
    this.keys.reserved = this.keys.users.size;
    if (!goesOn) this.keys.sequence = 'NEW';
    this.keys.state = { total: this.total, version: this.version, isCurrent: true };
  }

  /** A rebuild that died before this step. */
  cutOffRebuild(before: 'addRebuiltUsers' | 'swapRebuilt' | 'endRebuild'): void {
    const hasUsersToAdd = this.rows.size > 0;
    const isSwapped = before === 'endRebuild' || (before === 'addRebuiltUsers' && !hasUsersToAdd);
    if (isSwapped) return this.rebuild();
    this.beginEpoch();
    this.keys.state = undefined;
  }

  /** True when pending reservations are issued while slots are corrected: which comes first is not said. */
  sweep(instance: number): boolean {
    const before = this.marks[instance];
    this.marks[instance] = undefined;
    const { pending, users, sequence } = this.keys;
    if (!this.isLoaded) {
      this.rebuild();
      return false;
    }
    const surplus = users.size - pending.size - this.rows.size;
    const leaked = new Set(
      surplus > 0 ? [...users].filter((userId) => !pending.has(userId) && !this.rows.has(userId)) : [],
    );
    const issued = this.rows.size;
    const hasForgottenHolders = before !== undefined && before.issued > users.size;
    this.marks[instance] = { sequence: Number(sequence), leaked, issued, rebuilds: this.rebuilds };
    this.reconcile();
    const overdue = [...pending].filter(([, number]) => before !== undefined && number <= before.sequence);
    const held = users.size;
    const isLate = this.late.size > 0;
    if (overdue.length > 0) {
      this.settle(this.decide(overdue.map(([userId, sequenceNumber]) => ({ userId, sequenceNumber }))));
    }
    if (before?.rebuilds === this.rebuilds) this.releaseLeaked(leaked, before.leaked);
    const isCorrected = (hasForgottenHolders && this.rows.size > held) || isLate;
    if (isCorrected) this.confirmMissingHolders();
    return (isCorrected || leaked.size > 0) && overdue.length > 0;
  }

  lose(lost: readonly ReservationKey[]): void {
    if (lost.includes('state')) this.keys.state = undefined;
    if (lost.includes('reserved')) this.keys.reserved = undefined;
    if (lost.includes('users')) this.keys.users = new Set();
    if (lost.includes('sequence')) this.keys.sequence = undefined;
    if (lost.includes('pending')) this.keys.pending = new Map();
  }

  private beginEpoch(): void {
    this.rebuilds += 1;
    this.greatestAtRebuild = this.greatest;
    this.late.clear();
  }

  private releaseLeaked(now: ReadonlySet<number>, before: ReadonlySet<number>): void {
    for (const userId of now) if (before.has(userId)) this.keys.users.delete(userId);
    this.keys.reserved = this.keys.users.size;
  }

  private confirmMissingHolders(): void {
    for (const userId of this.rows.keys()) this.keys.users.add(userId);
    this.keys.reserved = this.keys.users.size;
    this.late.clear();
  }

  private publish(): void {
    const { state } = this.keys;
    if (state?.isCurrent !== true || this.version <= state.version) return;
    this.keys.state = { ...state, total: this.total, version: this.version };
  }

  private reconcile(): void {
    const { state } = this.keys;
    if (state?.isCurrent !== true || state.total === this.total) return;
    this.version = Math.max(this.version, state.version + 1);
    this.publish();
  }

  private failureOf({ userId, sequenceNumber }: Reservation) {
    return this.failures.find((failure) => failure.userId === userId && failure.sequenceNumber === sequenceNumber);
  }

  private fail({ userId, sequenceNumber }: Reservation, reason: Reason): void {
    this.failures.push({ userId, sequenceNumber, reason });
  }

  private decision(reservations: readonly Reservation[]): ModelDecision {
    const failed = reservations.filter(({ userId }) => !this.rows.has(userId));
    return {
      issued: reservations.filter(({ userId }) => this.rows.has(userId)),
      failed: failed.map((reservation) => this.failureOf(reservation)).filter((failure) => failure !== undefined),
    };
  }
}
