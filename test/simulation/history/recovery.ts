import { AuditService } from '../../../src/coupon/audit/audit.service.js';
import { CouponNotFoundError } from '../../../src/coupon/coupon.errors.js';
import { CouponService } from '../../../src/coupon/coupon.service.js';
import { isDatabaseUnavailable } from '../../../src/platform/database/database-errors.js';
import type { SimulatedInstance } from '../instance/simulated-instance.js';
import { EPOCH_MS } from '../world/world.js';
import type { History } from './history.js';
import { OPERATOR } from './operator.js';
import { Visitor } from './users.js';
import { Violation } from './violation.js';

/** How often it is looked whether all is well. */
const LOOK_MS = 250;
/** For how long at most things may take to become well, in virtual time. */
const SETTLE_MS = 60_000;
/** More than one read of who waits, which takes as long as messages do. */
const ANSWER_MS = 20_000;
const SELL_OUT_MS = 60_000;
const FAR_AWAY_MS = 3_600_000;

/**
 * The end of a history, in which nothing is wrong any more. First all that was begun must end, and both stores agree;
 * then everyone who has no coupon comes again, and exactly the stock must be issued, with a clean audit everywhere.
 */
export class Recovery {
  private readonly chance;

  constructor(private readonly history: History) {
    this.chance = history.chanceOf('recovery');
  }

  begin(): void {
    const { world } = this.history;
    world.tell('from here on nothing goes wrong any more');
    this.history.endFaults();
    // What waits for a caller to set it going would look well as long as somebody comes.
    this.history.isDemandOver = true;
    this.waitUntil(
      'P3',
      SETTLE_MS,
      () => this.history.observer.unsettled(),
      () => this.answerWaiters(),
    );
  }

  /** Whatever became of hints: they are read again. */
  private answerWaiters(): void {
    this.waitUntil(
      'waiters',
      ANSWER_MS,
      () => this.history.observer.unanswered(),
      () => this.sellOut(),
    );
  }

  private sellOut(): void {
    const { world, observer, plan } = this.history;
    world.tell('all that was begun has ended, and both stores agree; everyone asks once more');
    observer.isSettled();
    this.history.isDemandOver = false;
    for (const { couponId, users } of plan.coupons) {
      this.open(couponId);
      for (const userId of users) {
        const visitor = new Visitor(this.history, couponId, userId, Infinity);
        this.history.later(this.chance.below(3000), 'demand', () => visitor.ask());
      }
    }
    const unfinished = (): string[] => [...observer.underIssued(), ...observer.unsettled()];
    this.waitUntil('P4', SELL_OUT_MS, unfinished, () => this.audit());
  }

  /** Whatever operators did to it. */
  private open(couponId: number): void {
    const instance = this.history.instances.any(this.chance);
    const again = (): void => {
      this.history.later(500, 'open again', () => this.open(couponId));
    };
    if (instance === undefined) return again();
    // Spending must not end before claiming does.
    const patch = {
      isActive: true,
      startsAt: new Date(EPOCH_MS - FAR_AWAY_MS),
      expiresAt: new Date(EPOCH_MS + FAR_AWAY_MS),
      usableUntil: null,
    };
    const change = async (): Promise<void> => {
      try {
        await instance.get(CouponService).change(couponId, patch, OPERATOR);
      } catch (error) {
        this.history.observer.refused(error);
        if (!(error instanceof CouponNotFoundError)) again();
      }
    };
    this.history.world.after(0, 'open', () => void change(), instance);
  }

  private audit(): void {
    this.history.isDemandOver = true;
    this.history.world.tell('exactly the stock is issued; every instance audits');
    const audits = this.history.instances.all.flatMap((instance) =>
      this.history.plan.coupons.filter(({ isDeleted }) => !isDeleted).map(({ couponId }) => ({ instance, couponId })),
    );
    let clean = 0;
    for (const { instance, couponId } of audits) {
      const audit = async (): Promise<void> => {
        const found = await violationsAt(instance, couponId);
        if (found === 'UNKNOWN') this.history.world.after(500, 'audit again', () => void audit(), instance);
        else if (found.length === 0) clean += 1;
        else throw new Violation('audit', `of coupon ${couponId} at ${instance.name}: ${found.join(', ')}`);
      };
      this.history.world.after(0, 'audit', () => void audit(), instance);
    }
    const missing = (): string[] => (clean === audits.length ? [] : [`${clean} of ${audits.length} audits are clean`]);
    this.waitUntil('audit', SETTLE_MS, missing, () => this.history.end());
  }

  /** Goes on when nothing is unfinished any more; that is a violation when it takes too long. */
  private waitUntil(check: string, limitMs: number, unfinished: () => string[], goOn: () => void): void {
    const { world } = this.history;
    const deadline = world.now + limitMs;
    const look = (): void => {
      const reasons = unfinished();
      if (reasons.length === 0) goOn();
      else if (world.now < deadline) this.history.later(LOOK_MS, 'all well?', look);
      else throw new Violation(check, `after ${limitMs / 1000} s without faults: ${reasons.join('; ')}`);
    };
    this.history.later(LOOK_MS, 'all well?', look);
  }
}

/** What an audit finds; an instance may still wait for what was held up on its way to Redis or MySQL. */
async function violationsAt(instance: SimulatedInstance, couponId: number): Promise<string[] | 'UNKNOWN'> {
  try {
    const { violations } = await instance.get(AuditService).audit(couponId);
    if (violations.some(({ code }) => code === 'REDIS_UNAVAILABLE')) return 'UNKNOWN';
    return violations.map(({ code, detail }) => `${code} (${detail})`);
  } catch (error) {
    if (isDatabaseUnavailable(error)) return 'UNKNOWN';
    throw error;
  }
}
