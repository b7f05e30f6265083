import { reservationKeys, scriptKeys } from '../../src/coupon/reservation/reservation-keys.js';
import { dayKeys, memberOf, rankingKeys, refundOf } from '../../src/ranking/ranking-keys.js';
import type { Dice } from './redis-operations.js';

const DAY = '2031-01-01';
const FAR_AWAY = '9999999999999';

/** The keys and arguments of one call of a script. */
export interface ScriptCall {
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

/**
 * Draws what the calls on one coupon are made with: from so few values that they meet, and with a guess at where the
 * calls before have led, so that they often fit.
 */
export class CouponDraws {
  private readonly numbers = new Map<string, number>();
  private readonly added = new Set<string>();
  private version = 1;

  constructor(
    readonly dice: Dice,
    private readonly couponId: number,
  ) {}

  /** The five keys of the coupon, then the two of a rebuild. */
  get keys(): readonly string[] {
    return [...scriptKeys(this.couponId), ...this.rebuildKeys];
  }

  get rebuildKeys(): readonly string[] {
    return [reservationKeys.rebuildLock(this.couponId), reservationKeys.rebuildUsers(this.couponId)];
  }

  get channel(): string {
    return reservationKeys.outcomes(this.couponId);
  }

  /** Some users, each once; now and then many. */
  users(): string[] {
    const [count, among] = this.dice.isOneIn(20) ? [40, 60] : [1 + this.dice.below(4), 12];
    return [...new Set(Array.from({ length: count }, () => String(1 + this.dice.below(among))))];
  }

  /** Users who then have the next numbers, if they were admitted. */
  askers(): string[] {
    const users = this.users();
    for (const user of users) if (!this.numbers.has(user)) this.numbers.set(user, this.numbers.size + 1);
    return users;
  }

  /** As the scripts take reservations: how many, then users, then numbers. */
  reservations(): string[] {
    const users = this.users();
    const numbers = users.map((user) => (this.dice.isOneIn(3) ? 1 + this.dice.below(15) : this.numbers.get(user)) ?? 1);
    return [users.length, ...users, ...numbers].map(String);
  }

  /** Users whom the rebuild adds that began last. */
  rebuiltUsers(): string[] {
    const users = this.users();
    for (const user of users) this.added.add(user);
    return users;
  }

  /** How many the rebuild has added, which is then over. */
  takeAddedCount(): string {
    const { size } = this.added;
    this.added.clear();
    return String(this.dice.isOneIn(8) ? size + 1 : size);
  }

  token(): string {
    return this.dice.isOneIn(12) ? 't2' : 't1';
  }

  seen(): string {
    return this.dice.pick('0', '0', '0', '0', '1', '5', '100');
  }

  epoch(): string {
    return this.dice.pick('1', '1', '2');
  }

  /** Mostly above those before. */
  nextVersion(): string {
    this.version += this.dice.below(3);
    return String(Math.max(1, this.version - this.dice.below(2)));
  }

  /** Fields and values of the state. */
  definition(version: string, total = this.dice.pick('3', '10', '30')): string[] {
    const fields = {
      name: this.dice.pick('쿠폰', 'a coupon', '', '🎟'.repeat(30)),
      total,
      startsAt: this.dice.pick('0', '0', '0', '0', FAR_AWAY),
      expiresAt: this.dice.pick(FAR_AWAY, FAR_AWAY, FAR_AWAY, FAR_AWAY, '1'),
      active: this.dice.pick('1', '1', '1', '1', '0'),
      version,
    };
    return Object.entries(fields).flat();
  }
}

/** So different that they can be told apart although time goes on. */
export function drawTtl(dice: Dice): string {
  return dice.pick('600000', '3600000', '86400000');
}

/** Calls as our stores make them, for each script. */
export const SCRIPT_CALLS: Readonly<Record<string, (coupon: CouponDraws, dice: Dice) => ScriptCall>> = {
  reserveCoupon: (coupon, dice) => ({
    keys: coupon.keys.slice(0, 5),
    args: [coupon.seen(), dice.pick('0', '0', '1'), ...coupon.askers()],
  }),
  confirmReservations: (coupon) => ({
    keys: coupon.keys.slice(0, 5),
    args: [...coupon.reservations(), coupon.channel, 'an instance'],
  }),
  releaseReservations: (coupon) => ({
    keys: coupon.keys.slice(0, 5),
    args: [...coupon.reservations(), coupon.channel, 'an instance'],
  }),
  releaseLeaked: (coupon) => ({ keys: coupon.keys.slice(0, 5), args: [coupon.epoch(), ...coupon.users()] }),
  discardReservations: (coupon) => ({ keys: coupon.keys.slice(4, 5), args: coupon.reservations() }),
  readDefinition: (coupon) => ({ keys: coupon.keys.slice(0, 1), args: [] }),
  publishDefinition: (coupon) => {
    const version = coupon.nextVersion();
    return { keys: coupon.keys.slice(0, 1), args: [version, ...coupon.definition(version)] };
  },
  lowerTotal: (coupon, dice) => {
    const [version, total] = [coupon.nextVersion(), String(dice.below(8))];
    return { keys: coupon.keys.slice(0, 5), args: [version, total, ...coupon.definition(version, total)] };
  },
  inspectCoupon: (coupon) => ({ keys: coupon.keys.slice(0, 5), args: [coupon.seen()] }),
  forgetCoupon: (coupon) => ({ keys: coupon.keys.slice(0, 5), args: [] }),
  beginRebuild: (coupon, dice) => ({
    keys: coupon.keys,
    args: [coupon.token(), drawTtl(dice), coupon.seen(), dice.pick('0', '0', '1')],
  }),
  renewRebuild: (coupon, dice) => ({ keys: coupon.rebuildKeys, args: [coupon.token(), drawTtl(dice)] }),
  addRebuiltUsers: (coupon, dice) => ({
    keys: coupon.rebuildKeys,
    args: [coupon.token(), drawTtl(dice), ...coupon.rebuiltUsers()],
  }),
  swapRebuilt: (coupon, dice) => ({
    keys: coupon.keys,
    args: [
      coupon.token(),
      coupon.takeAddedCount(),
      dice.pick('0', '0', '7', '1000', '9007199254740000'),
      ...coupon.definition(coupon.nextVersion()),
      'epoch',
      coupon.epoch(),
    ],
  }),
  endRebuild: (coupon) => ({ keys: coupon.rebuildKeys, args: [coupon.token()] }),
  countOrders: (_coupon, dice) => ({
    keys: dayKeys(DAY),
    args: [drawTtl(dice), ...Array.from({ length: 1 + dice.below(3) }, () => drawOrder(dice)).flat()],
  }),
  uncountOrders: (_coupon, dice) => ({
    keys: dayKeys(DAY),
    args: [drawTtl(dice), ...Array.from({ length: 1 + dice.below(3) }, () => drawRefund(dice)).flat()],
  }),
  topProducts: (_coupon, dice) => ({ keys: dayKeys(DAY), args: [String(dice.below(6))] }),
  productRank: (_coupon, dice) => ({ keys: dayKeys(DAY), args: [drawProduct(dice)] }),
  beginReconcile: (coupon, dice) => ({ keys: RANKING_KEYS, args: [coupon.token(), drawTtl(dice)] }),
  endReconcile: (coupon, dice) => ({
    keys: RANKING_KEYS.slice(2),
    args: [coupon.token(), drawBeginning(dice), drawTtl(dice)],
  }),
  sinceReconcile: () => ({ keys: dayKeys(DAY), args: [] }),
  // A number of reserved slots is as good as a token: a text that is there at times.
  giveBackTurn: (coupon, dice) => ({ keys: coupon.keys.slice(1, 2), args: [dice.pick('1', '2', '3')] }),
};

/** Sales, orders, the marker, and the reconciles under way. */
export const RANKING_KEYS: readonly string[] = [...dayKeys(DAY), rankingKeys.reconciling(DAY)];

/** So long ago, or so far ahead, that it does not matter when it is asked. */
function drawBeginning(dice: Dice): string {
  return dice.pick('0', '0', '1', '2', FAR_AWAY);
}

export function drawProduct(dice: Dice): string {
  return memberOf(1 + dice.below(6));
}

/** As an order, with the marker of its refund after its number. */
function drawRefund(dice: Dice): string[] {
  const [number = '', ...lines] = drawOrder(dice);
  return [number, refundOf(number), ...lines];
}

/** Its id, how many lines it has, and products with quantities. */
function drawOrder(dice: Dice): string[] {
  const lines = Array.from({ length: 1 + dice.below(3) }, () => [drawProduct(dice), String(1 + dice.below(4))]);
  return [String(1 + dice.below(12)), String(lines.length), ...lines.flat()];
}
