import { reservationKeys } from '../../../src/coupon/reservation/reservation-keys.js';
import type { Tables } from '../ledger/table.js';
import { capacityOf, type FailureRow, type UserCouponRow } from '../ledger/rows.js';
import type { Reply } from '../redis/keyspace.js';
import type { RedisProcess } from '../redis/redis-process.js';
import type { RedisFleet } from '../redis/redis-fleet.js';
import type { ScriptCall } from '../redis/redis-site.js';
import type { Party } from '../world/party.js';
import type { World } from '../world/world.js';
import type { CouponPlan } from './plan.js';
import type { Loss } from './redis-faults.js';
import { Violation } from './violation.js';

/** A fault lasts 14 s at most, and two sweeps later it is forgotten. */
const LONGEST_DISTURBANCE_MS = 26_000;
/** Of a coupon with which nothing is wrong: two sweeps, for whom Redis admitted and could not tell in time. */
const LONGEST_PENDING_MS = 13_000;

/** The reservations, rows and failures of one coupon, as they are seen to happen. */
export class CouponObserver {
  /** How many were admitted, and of how many Redis lost every trace before the ledger had decided. */
  admitted = 0;
  lost = 0;
  /** Admitted, not decided, and not lost: number → user. */
  private readonly open = new Map<number, number>();
  private readonly admittedAt = new Map<number, number>();
  private undisturbedFrom = 0;
  private readonly userOf = new Map<number, number>();
  private greatestNumber = 0;
  /** By user. */
  private readonly rows = new Map<number, UserCouponRow>();
  private readonly numbersOfRows = new Set<number>();
  /** `user:number`. */
  private readonly failures = new Set<string>();
  /** Who had a row when a rebuild closed the coupon, by the token of the rebuild. */
  private readonly rowsAtClosing = new Map<string, number[]>();
  /** Whose rows Redis was told of, and cannot have forgotten since. */
  private readonly confirmedUsers = new Set<number>();
  /** Numbers of which a caller was told. */
  private readonly told = new Set<number>();
  private readonly waiting = new Set<{ readonly userId: number; readonly instance: Party }>();
  private hasSettled = false;
  private readonly keys: {
    readonly state: string;
    readonly reserved: string;
    readonly users: string;
    readonly pending: string;
  };

  constructor(
    private readonly world: World,
    private readonly plan: CouponPlan,
    private readonly redis: RedisFleet,
    private readonly tables: Tables,
    /** `isWaiting`: nobody is answered before a replica has the reservation. */
    private readonly options: { readonly isWaiting: boolean },
  ) {
    const id = plan.couponId;
    this.keys = {
      state: reservationKeys.state(id),
      reserved: reservationKeys.reserved(id),
      users: reservationKeys.users(id),
      pending: reservationKeys.pending(id),
    };
  }

  /** Before a script runs; what is returned is told the reply. */
  watch(call: ScriptCall): ((reply: Reply) => void) | undefined {
    // What an old master does for those who have not heard of the new one is of no use, and decides nothing.
    if (!this.redis.isCurrent(call.process)) {
      return call.name === 'reserveCoupon'
        ? (reply) => this.reservedAside(call, reply as readonly number[])
        : undefined;
    }
    switch (call.name) {
      case 'reserveCoupon':
        return (reply) => this.reserved(call, reply as readonly number[]);
      case 'confirmReservations':
        return () => this.confirmed(call);
      case 'releaseReservations':
      case 'releaseLeaked': {
        const held = new Set(call.process.keyspace.set(this.keys.users));
        return () => this.released(call, held);
      }
      case 'publishDefinition': {
        const before = this.publishedVersion(call);
        return (reply) => this.published(call, before, reply);
      }
      case 'beginRebuild':
        return (reply) => this.closed(call, reply as readonly number[]);
      case 'swapRebuilt':
        return (reply) => {
          if (reply === 1) this.swapped(call);
        };
      default:
        return undefined;
    }
  }

  issued(row: UserCouponRow): void {
    const { userId, sequenceNumber } = row;
    if (this.rows.has(userId)) throw new Violation('P2', `user ${userId} has two rows`);
    if (this.failures.has(`${userId}:${sequenceNumber}`)) {
      throw new Violation('decided once', `number ${sequenceNumber} of user ${userId} has failed, and has a row`);
    }
    if (this.numbersOfRows.has(sequenceNumber)) throw new Violation('P5', `number ${sequenceNumber} has two rows`);
    if (this.isReservation && this.userOf.get(sequenceNumber) !== userId) {
      throw new Violation('nothing is invented', `user ${userId} has a row with number ${sequenceNumber}, never given`);
    }
    this.rows.set(userId, row);
    this.numbersOfRows.add(sequenceNumber);
    this.end(userId);
    this.world.tell(`MySQL has a row of coupon ${row.couponId} for user ${userId}, number ${sequenceNumber}`);
  }

  failed({ couponId, userId, sequenceNumber, reason }: FailureRow): void {
    this.world.tell(
      `MySQL has a failure of coupon ${couponId} for user ${userId}, number ${sequenceNumber}: ${reason}`,
    );
    if (this.userOf.get(sequenceNumber) !== userId) {
      throw new Violation(
        'nothing is invented',
        `number ${sequenceNumber} of user ${userId} failed, and was never given`,
      );
    }
    if (this.rows.get(userId)?.sequenceNumber === sequenceNumber) {
      throw new Violation('decided once', `number ${sequenceNumber} of user ${userId} has a row, and failed`);
    }
    if (reason === 'SOLD_OUT_IN_LEDGER' && this.lost === 0) {
      throw new Violation('P4', `user ${userId} was admitted with number ${sequenceNumber}, and there was no stock`);
    }
    this.failures.add(`${userId}:${sequenceNumber}`);
    this.open.delete(sequenceNumber);
  }

  /** Until when something that has just begun may hold up this coupon. */
  disturbed(): void {
    this.undisturbedFrom = this.world.now + LONGEST_DISTURBANCE_MS;
  }

  /** P11: what is wrong elsewhere holds up nobody here. */
  checkPace(longestPendingMs = LONGEST_PENDING_MS): void {
    for (const [number, userId] of this.open) {
      const since = Math.max(this.admittedAt.get(number) ?? 0, this.undisturbedFrom);
      if (this.world.now - since <= longestPendingMs) continue;
      throw new Violation('P11', `number ${number} of user ${userId} waits, though nothing is wrong with its coupon`);
    }
  }

  /** Of what Redis has lost nothing can be asked any more. @throws Violation for what a replica had, it was said */
  forgetWhatIsLost(how: Loss): void {
    this.confirmedUsers.clear();
    const pending = this.pending;
    for (const [number, userId] of this.open) {
      if (pending?.get(String(userId)) === number) continue;
      this.open.delete(number);
      this.lost += 1;
      if (how === 'FAIL_OVER' && this.options.isWaiting && this.told.has(number)) {
        throw new Violation('P3', `number ${number} of user ${userId} was told, and no replica has it`);
      }
      this.world.tell(`Redis has lost number ${number} of user ${userId}, which was not decided yet`);
    }
  }

  /** P1 and P3, at every moment. */
  check(): void {
    const coupon = this.tables.coupons.byId.find([this.plan.couponId]);
    const capacity = coupon === undefined ? Infinity : capacityOf(coupon);
    if (this.rows.size > capacity) throw new Violation('P1', `${this.rows.size} rows of ${capacity}`);
    if (this.open.size === 0) return;
    const { pending, users } = this;
    const isOpen = this.isOpen();
    for (const [number, userId] of this.open) {
      const member = String(userId);
      if (pending?.get(member) !== number) {
        throw new Violation('P3', `number ${number} of user ${userId} is neither pending nor decided`);
      }
      if (isOpen && !users?.has(member)) {
        throw new Violation('slots', `number ${number} of user ${userId} is pending, and holds no slot`);
      }
    }
  }

  answered(userId: number, sequenceNumber: number, status: string): void {
    if (this.isReservation && this.userOf.get(sequenceNumber) !== userId) {
      throw new Violation('nothing is invented', `user ${userId} was told number ${sequenceNumber}, never given`);
    }
    this.told.add(sequenceNumber);
    if (status === 'ISSUED' && !this.rows.has(userId)) {
      throw new Violation('an answer is not taken back', `user ${userId} was told ISSUED, and has no row`);
    }
  }

  saw(userId: number, status: string): void {
    if (status === 'ISSUED') this.answered(userId, this.rows.get(userId)?.sequenceNumber ?? -1, status);
    else if (status === 'RESERVED' && ![...this.userOf.values()].includes(userId)) {
      throw new Violation('nothing is invented', `user ${userId} was told RESERVED, and was never admitted`);
    }
  }

  /** Somebody begins to wait at an instance for the user's reservation to end; call the result when they are told. */
  waits(userId: number, instance: Party): () => void {
    const waiter = { userId, instance };
    this.waiting.add(waiter);
    return () => void this.waiting.delete(waiter);
  }

  /** Who waits for a reservation that has ended with a row, at an instance that lives. */
  unanswered(): string[] {
    return [...this.waiting]
      .filter(({ userId, instance }) => !instance.isDead && this.rows.has(userId))
      .map(({ userId, instance }) => `user ${userId} of coupon ${this.plan.couponId} waits at ${instance.name}`);
  }

  isSettled(): void {
    this.hasSettled = true;
  }

  unsettled(): string[] {
    const reasons: string[] = [];
    const say = (is: boolean, reason: string): void => {
      if (is) reasons.push(`coupon ${this.plan.couponId}: ${reason}`);
    };
    say(this.open.size > 0, `${this.open.size} reservations are not decided`);
    const coupon = this.tables.coupons.byId.find([this.plan.couponId]);
    if (coupon === undefined) return reasons;
    say(coupon.issuedQuantity !== this.rows.size, `issued_quantity is ${coupon.issuedQuantity} of ${this.rows.size}`);
    if (!this.isReservation) return reasons;
    const process = this.redis.holderOf(this.keys.state);
    const { keyspace } = process;
    const pending = this.pending?.size ?? 0;
    say(pending > 0, `${pending} are pending`);
    const hasEnded = coupon.expiresAt.getTime() <= this.world.wallClockMs(undefined);
    if (hasEnded) return reasons;
    const state = keyspace.hash(this.keys.state);
    say(state?.get('server') !== process.identity, 'it is not loaded');
    const users = keyspace.set(this.keys.users) ?? new Set();
    const missing = [...this.rows.keys()].filter((userId) => !users.has(String(userId)));
    say(missing.length > 0, `users ${missing.join(', ')} have a row and no slot`);
    const leaked = [...users].filter((userId) => !this.rows.has(Number(userId)));
    say(leaked.length > 0, `users ${leaked.join(', ')} have a slot and no row`);
    say(Number(keyspace.string(this.keys.reserved) ?? 0) !== users.size, 'the counter is not the size of the set');
    const published = [state?.get('total'), state?.get('active'), state?.get('expiresAt')].map(Number);
    const defined = [capacityOf(coupon), Number(coupon.isActive), coupon.expiresAt.getTime()];
    say(published.join() !== defined.join(), 'Redis has another definition');
    return reasons;
  }

  underIssued(): string[] {
    const { couponId, users } = this.plan;
    const coupon = this.tables.coupons.byId.find([couponId]);
    if (coupon === undefined) return [];
    // Of slots that were given back there may be more than people who come.
    const wanted = Math.min(capacityOf(coupon), users.length);
    return this.rows.size === wanted ? [] : [`coupon ${couponId}: ${this.rows.size} of ${wanted} are issued`];
  }

  private get pending(): ReadonlyMap<string, number> | undefined {
    return this.redis.keyspaceOf(this.keys.pending).sortedSet(this.keys.pending);
  }

  private get users(): ReadonlySet<string> | undefined {
    return this.redis.keyspaceOf(this.keys.users).set(this.keys.users);
  }

  /** The keys agree, and are those of the process that is there: so they are believed. */
  private isOpen(): boolean {
    if (this.redis.isMoving(this.keys.state)) return false;
    const { keyspace, identity } = this.redis.holderOf(this.keys.state);
    const size = keyspace.set(this.keys.users)?.size ?? 0;
    const isCurrent = keyspace.hash(this.keys.state)?.get('server') === identity;
    return isCurrent && Number(keyspace.string(this.keys.reserved)) === size;
  }

  private get isReservation(): boolean {
    return this.plan.strategy === 'reservation';
  }

  private reserved({ args, process }: ScriptCall, replies: readonly number[]): void {
    const userIds = args.slice(2).map(Number);
    replies.forEach((number, index) => {
      if (number > 0) this.admit(userIds[index] as number, number);
    });
    if (process !== this.redis.holderOf(this.keys.pending)) this.forgetWhatIsLost('OTHER');
  }

  /** Lost from the beginning: the new master does not know of it. */
  private reservedAside({ args, process }: ScriptCall, replies: readonly number[]): void {
    const userIds = args.slice(2).map(Number);
    replies.forEach((number, index) => {
      if (number <= 0) return;
      this.give(userIds[index] as number, number, process.name);
      this.lost += 1;
    });
  }

  private give(userId: number, number: number, server: string): void {
    this.world.tell(`${server} admits user ${userId} to coupon ${this.plan.couponId}: number ${number}`);
    const before = this.userOf.get(number);
    if (before !== undefined)
      throw new Violation('P5', `number ${number} is user ${before}'s, and is given to ${userId}`);
    this.userOf.set(number, userId);
    this.admitted += 1;
  }

  private admit(userId: number, number: number): void {
    this.give(userId, number, 'Redis');
    if (number < this.greatestNumber) {
      throw new Violation('P5', `number ${number} is given after ${this.greatestNumber}`);
    }
    if (this.rows.has(userId) && (this.lost === 0 || this.hasSettled)) {
      throw new Violation('P2', `user ${userId} has a row, and is admitted again with number ${number}`);
    }
    this.greatestNumber = number;
    // Their row has decided about it: they hold the coupon.
    if (this.rows.has(userId)) return;
    this.open.set(number, userId);
    this.admittedAt.set(number, this.world.now);
  }

  /** `n, users, numbers`, as the script takes them. */
  private confirmed({ args, process }: ScriptCall): void {
    if (process !== this.redis.holderOf(this.keys.users)) return;
    const userIds = args.slice(1, 1 + Number(args[0])).map(Number);
    for (const userId of userIds) this.confirmedUsers.add(userId);
    this.checkHolders(process, 'confirmed');
  }

  /** Of whom this Redis was told that they have a row, it must not admit anyone again. */
  private checkHolders({ keyspace }: RedisProcess, moment: string): void {
    // Of a coupon that was deleted Redis forgets everyone.
    if (this.tables.coupons.byId.find([this.plan.couponId]) === undefined) return;
    // They are in two places, where no script finds all of them.
    if (this.redis.isMoving(this.keys.users)) return;
    const [users, pending] = [keyspace.set(this.keys.users), keyspace.sortedSet(this.keys.pending)];
    for (const userId of this.confirmedUsers) {
      const member = String(userId);
      if (users?.has(member) || pending?.has(member) || !this.rows.has(userId)) continue;
      throw new Violation('holders', `${moment}, and user ${userId}, whose row was confirmed, holds no slot`);
    }
  }

  private released({ name, process }: ScriptCall, held: ReadonlySet<string>): void {
    const users = process.keyspace.set(this.keys.users);
    for (const member of held) {
      if (users?.has(member)) continue;
      this.world.tell(`Redis gives back the slot of user ${member} of coupon ${this.plan.couponId}`);
      if (this.rows.has(Number(member))) {
        throw new Violation('slots', `${name} gave back the slot of user ${member}, who has a row`);
      }
    }
  }

  private publishedVersion({ process }: ScriptCall): number {
    return Number(process.keyspace.hash(this.keys.state)?.get('version') ?? 0);
  }

  private published(call: ScriptCall, before: number, reply: Reply): void {
    const now = this.publishedVersion(call);
    if (reply === 1 && now <= before) {
      throw new Violation('definition', `version ${now} has replaced version ${before}, which is not older`);
    }
  }

  private closed({ args }: ScriptCall, [answer]: readonly number[]): void {
    if (answer !== 0 && answer !== 1) return;
    this.rowsAtClosing.set(args[0] as string, [...this.rows.keys()]);
    this.world.tell(`coupon ${this.plan.couponId} is closed for a rebuild`);
  }

  private swapped({ args, process }: ScriptCall): void {
    const users = process.keyspace.set(this.keys.users);
    const missing = this.rowsAtClosing.get(args[0] as string)?.filter((userId) => !users?.has(String(userId))) ?? [];
    if (missing.length > 0) {
      throw new Violation(
        'rebuild',
        `opened without a slot for ${missing.join(', ')}, who had a row when it was closed`,
      );
    }
    this.checkHolders(process, 'opened again');
    this.world.tell(`coupon ${this.plan.couponId} is open again, with ${users?.size ?? 0} users`);
  }

  /** Of whatever number: a row ends all reservations of its user. */
  private end(userId: number): void {
    for (const [number, user] of this.open) if (user === userId) this.open.delete(number);
  }
}
