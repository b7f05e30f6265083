import { DomainError } from '../../../src/platform/errors/domain-error.js';
import { ReservationFollower } from '../../../src/coupon/reservation-follower.service.js';
import { ReservationService } from '../../../src/coupon/reservation.service.js';
import type { SimulatedInstance } from '../instance/simulated-instance.js';
import { Chance } from '../world/chance.js';
import type { WorldEvent } from '../world/event-queue.js';
import type { History } from './history.js';
import type { Moments } from './moments.js';
import type { CouponPlan, PlannedEvent } from './plan.js';

/** A client gives up waiting for an answer after this long, and asks again. */
const PATIENCE_MS = 6000;
const REFUSALS_TO_GIVE_UP = 4;
/** Of these it is worth to ask again soon. */
const ANSWERS_IN_TROUBLE = new Set(['RESERVATION_UNAVAILABLE', 'ISSUANCE_FAILED', 'DATABASE_UNAVAILABLE']);

/** Each user of a coupon comes once or twice, and then behaves as people do. */
export function drawUsers(seed: number, moments: Moments, coupons: readonly CouponPlan[]): PlannedEvent[] {
  return coupons.flatMap(({ couponId, users }) => users.flatMap((userId) => visitsOf(seed, moments, couponId, userId)));
}

function visitsOf(seed: number, moments: Moments, couponId: number, userId: number): PlannedEvent[] {
  const chance = new Chance(seed, `when user ${userId} comes`);
  return Array.from({ length: chance.is(0.2) ? 2 : 1 }, () => ({
    at: moments.draw(chance),
    what: `user ${userId} wants coupon ${couponId}`,
    happen: (history) => new Visitor(history, couponId, userId).ask(),
  }));
}

/**
 * Someone who wants a coupon: presses the button, waits, presses it again after an error, sometimes again although they
 * hold it, and comes back when it was sold out.
 */
export class Visitor {
  private readonly chance: Chance;
  /** By which they wait: of its own, so that what else they do does not depend on it. */
  private readonly patience: Chance;
  /** Asks again unless there is an answer before. */
  private impatience: WorldEvent | undefined;

  constructor(
    private readonly history: History,
    private readonly couponId: number,
    private readonly userId: number,
    /** After so many refusals they stay away. */
    private refusalsToGiveUp = REFUSALS_TO_GIVE_UP,
  ) {
    this.chance = history.chanceOf(`user ${userId}`);
    this.patience = history.chanceOf(`patience of user ${userId}`);
  }

  ask(): void {
    const instance = this.history.instances.any(this.chance);
    if (instance === undefined) {
      this.askAgainIn(500);
      return;
    }
    const isWaiting = this.chance.is(0.3);
    this.history.world.after(this.chance.next(), 'user asks', () => void this.askAt(instance, isWaiting), instance);
    this.watchPatience();
  }

  /** Asks for the state of their reservation. */
  look(): void {
    const instance = this.history.instances.any(this.chance);
    if (instance === undefined) return;
    this.history.world.after(this.chance.next(), 'user looks', () => void this.lookAt(instance), instance);
  }

  /** Waits for the end of their reservation, at any instance. */
  private follow(): void {
    const instance = this.history.instances.any(this.patience);
    if (instance === undefined) return;
    this.history.world.after(this.patience.next(), 'user waits', () => void this.followAt(instance), instance);
  }

  private async followAt(instance: SimulatedInstance): Promise<void> {
    const { observer } = this.history;
    const before = observer.lossesSoFar;
    const end = observer.waits(this.couponId, this.userId, instance);
    const onState = ({ status }: { status: string }): void => {
      if (!instance.isDead) observer.saw(this.couponId, this.userId, status);
    };
    try {
      await instance
        .get(ReservationFollower)
        .follow(this.couponId, this.userId, { kind: 'stream', onState, onEnd: end });
    } catch (error) {
      end();
      if (!instance.isDead) observer.sawNothing(this.couponId, this.userId, error, before);
    }
  }

  private async askAt(instance: SimulatedInstance, isWaiting: boolean): Promise<void> {
    const reservations = instance.get(ReservationService);
    const { observer } = this.history;
    try {
      const { sequenceNumber, status } = isWaiting
        ? await reservations.issue(this.couponId, this.userId)
        : await reservations.reserve(this.couponId, this.userId);
      if (instance.isDead) return;
      this.hasAnswer();
      observer.answered(this.couponId, this.userId, sequenceNumber, status);
      if (this.chance.is(0.3)) this.askAgainIn(this.chance.below(9000));
      if (this.chance.is(0.3)) this.history.later(this.chance.below(3000), 'user looks', () => this.look());
      if (status === 'RESERVED' && this.patience.is(0.3)) this.follow();
    } catch (error) {
      if (instance.isDead) return;
      this.hasAnswer();
      observer.refusedFor(this.couponId, error);
      if (isOver(error)) this.refusalsToGiveUp -= 1;
      if (this.refusalsToGiveUp > 0) this.askAgainIn(this.pauseAfter(error));
    }
  }

  private async lookAt(instance: SimulatedInstance): Promise<void> {
    const { observer } = this.history;
    const before = observer.lossesSoFar;
    try {
      const state = await instance.get(ReservationFollower).find(this.couponId, this.userId);
      if (!instance.isDead) observer.saw(this.couponId, this.userId, state.status);
    } catch (error) {
      if (!instance.isDead) observer.sawNothing(this.couponId, this.userId, error, before);
    }
  }

  private pauseAfter(error: unknown): number {
    if (isOver(error)) return this.chance.is(0.1) ? 1 + this.chance.below(60) : 1000 + this.chance.below(9000);
    return this.chance.is(0.4) ? 1 + this.chance.below(20) : 300 + this.chance.below(1500);
  }

  /** The instance may have died with the request, or stand still. */
  private watchPatience(): void {
    this.impatience = this.history.later(PATIENCE_MS, 'user has waited', () => this.ask());
  }

  private hasAnswer(): void {
    if (this.impatience !== undefined) this.impatience.isCancelled = true;
  }

  private askAgainIn(ms: number): void {
    if (this.history.isDemandOver) return;
    this.history.later(ms, 'user comes again', () => {
      if (!this.history.isDemandOver) this.ask();
    });
  }
}

/** Asking again soon is of no use: nothing is left, it is not the time, or they have it. */
function isOver(error: unknown): boolean {
  return error instanceof DomainError && !ANSWERS_IN_TROUBLE.has(error.code);
}
