import { expect, jest } from '@jest/globals';
import { type Decision, Ledger } from '../../src/coupon/issuance/ledger.service.js';
import { SettlementService } from '../../src/coupon/issuance/settlement.service.js';
import { SweepService } from '../../src/coupon/issuance/sweep.service.js';
import { AdmissionStore } from '../../src/coupon/reservation/admission.store.js';
import type { CouponDefinition } from '../../src/coupon/reservation/coupon-definition.js';
import { CouponDefinitionService } from '../../src/coupon/reservation/coupon-definition.service.js';
import { DefinitionStore } from '../../src/coupon/reservation/definition.store.js';
import { RebuildService } from '../../src/coupon/reservation/rebuild.service.js';
import { RebuildStore } from '../../src/coupon/reservation/rebuild.store.js';
import { ReservationService } from '../../src/coupon/reservation.service.js';
import type { Reservation } from '../../src/coupon/reservation/reservation.js';
import { SettlementStore } from '../../src/coupon/reservation/settlement.store.js';
import { DomainError } from '../../src/platform/errors/domain-error.js';
import type { Instance } from './instance.js';
import { deleteKeys, type ReservationKey } from './planted-faults.js';
import { type ModelDecision, SagaModel } from './saga-model.js';
import type { At, RebuildStep, Step } from './saga-steps.js';
import type { RealKeys, SagaWorld } from './saga-world.js';
import { TESTER } from './actor.js';

/** One coupon, to which the same things happen in the real servers and in the model. */
export class SagaRun {
  /** Every reservation that was accepted, in this order. */
  readonly accepted: Reservation[] = [];
  /** Numbers whose pending entry Redis lost before they were decided. */
  readonly lost = new Set<number>();
  /** What Redis held after each step. */
  readonly history: RealKeys[] = [];
  hasLostKeys = false;
  /** Pending reservations were issued during a rebuild: the model can't say what came first in Redis. */
  isRaced = false;
  private readonly decisions: ModelDecision[] = [];

  constructor(
    readonly world: SagaWorld,
    readonly couponId: number,
    readonly model: SagaModel,
  ) {}

  get numbers(): number[] {
    return this.accepted.map(({ sequenceNumber }) => sequenceNumber);
  }

  at(at: At): Instance {
    return this.world.instances[at];
  }

  /** Takes the step in both; what both answer must be the same. */
  async take(step: Step): Promise<void> {
    this.isRaced = false;
    switch (step.do) {
      case 'reserve':
        for (const user of step.users) await this.reserve(user, step.at);
        return;
      case 'admit':
        return await this.admit(step.user, step.at);
      case 'decide':
        return await this.decide(this.picked(step.picks), step.settles, step.at);
      case 'refuse':
        return await this.refuse(this.picked(step.picks)[0], step.settles, step.at);
      case 'settle':
      case 'confirm':
      case 'release':
        return await this.settle(this.decisions.at(-1 - (step.pick % this.decisions.length)), step.do, step.at);
      case 'sweep':
        return await this.sweep(step.at);
      case 'rebuild':
        this.model.rebuild();
        return await this.at(step.at).get(RebuildService).rebuild(this.couponId);
      case 'change':
        return await this.change(step.total, step.at);
      case 'lowerInRedis':
        return await this.lowerInRedis(step.total, step.at);
      case 'lose':
        return await this.lose(step.keys);
      case 'restart':
        return await this.restart(step.stepsBack, step.as);
      case 'cutOffRebuild':
        return await this.cutOffRebuild(step.before, step.at);
    }
  }

  private async reserve(user: number, at: At): Promise<void> {
    const expected = this.model.reserve(user);
    expect(await this.at(at).get(AdmissionStore).reserve(this.couponId, [user])).toEqual([expected]);
    if (typeof expected === 'number') this.accept(user, expected);
  }

  private async admit(user: number, at: At): Promise<void> {
    const expected = this.model.reserve(user);
    const reserving = this.at(at).get(ReservationService).reserve(this.couponId, user);
    if (typeof expected === 'number') {
      expect(await reserving).toMatchObject({ userId: user, sequenceNumber: expected, status: 'RESERVED' });
      this.accept(user, expected);
      await this.world.whenIdle(this.couponId, this.numbers);
      this.model.settle(this.model.decide([{ userId: user, sequenceNumber: expected }]));
      return;
    }
    const code = {
      NOT_LOADED: 'RESERVATION_UNAVAILABLE',
      ALREADY_RESERVED: 'ALREADY_ISSUED',
      SOLD_OUT: 'COUPON_SOLD_OUT',
    };
    expect(await codeOf(reserving)).toBe(code[expected]);
    if (expected !== 'NOT_LOADED') return;
    // The refused reserve has started a rebuild; this joins it.
    expect(await this.at(at).get(RebuildService).load(this.couponId)).toBe(true);
    this.model.rebuild();
  }

  private async decide(reservations: readonly Reservation[], settles: boolean, at: At): Promise<void> {
    if (reservations.length === 0) return;
    const expected = this.model.decide(reservations);
    const decision = await this.at(at).get(Ledger).decide(this.couponId, reservations);
    this.remember(expected, decision);
    if (settles) await this.settle(expected, 'settle', at);
  }

  private async refuse(reservation: Reservation | undefined, settles: boolean, at: At): Promise<void> {
    if (reservation === undefined) return;
    const expected = this.model.refuse(reservation);
    const decision = await this.at(at)
      .get(Ledger)
      .refuse(this.couponId, reservation, new Error('a row that is refused'));
    this.remember(expected, decision);
    if (settles) await this.settle(expected, 'settle', at);
  }

  private async settle(
    decision: ModelDecision | undefined,
    how: 'settle' | 'confirm' | 'release',
    at: At,
  ): Promise<void> {
    if (decision === undefined) return;
    const { issued, failed } = decision;
    const store = this.at(at).get(SettlementStore);
    if (how === 'settle') {
      this.model.settle(decision);
      await this.at(at)
        .get(SettlementService)
        .settle(this.couponId, {
          issued,
          failed: failed.map((failure) => ({ ...failure, detail: '' })),
        });
    } else if (how === 'confirm' && issued.length > 0) {
      const isLoaded = this.model.isLoaded;
      this.model.confirm(issued);
      expect(await store.confirm(this.couponId, issued)).toBe(isLoaded);
    } else if (how === 'release' && failed.length > 0) {
      const held = this.model.keys.users.size;
      const isLoaded = this.model.isLoaded;
      this.model.release(failed);
      const released = held - this.model.keys.users.size;
      expect(await store.release(this.couponId, failed)).toBe(isLoaded ? released : undefined);
    }
  }

  private async sweep(at: At): Promise<void> {
    this.isRaced = this.model.sweep(at);
    await this.at(at).get(SweepService).sweepAll();
    await this.world.whenIdle(this.couponId, this.numbers);
  }

  private async change(total: number, at: At): Promise<void> {
    const expected = this.model.change(total);
    const changing = this.at(at)
      .get(CouponDefinitionService)
      .change(this.couponId, { totalQuantity: total }, TESTER, () => undefined);
    expect(await codeOf(changing)).toBe(expected === 'CHANGED' ? undefined : expected);
    if (expected === 'RESERVATION_UNAVAILABLE') await this.at(at).get(RebuildService).load(this.couponId);
  }

  private async lowerInRedis(total: number, at: At): Promise<void> {
    if (total >= this.model.total || !this.model.lowerInRedis(total)) return;
    const store = this.at(at).get(DefinitionStore);
    const definition = (await store.definition(this.couponId)) as CouponDefinition;
    const version = Number(this.model.keys.state?.version);
    const lowered = { ...definition, capacity: total, version };
    expect(await store.lower(lowered)).toBe('LOWERED');
  }

  private async lose(keys: readonly ReservationKey[]): Promise<void> {
    if (keys.includes('pending')) this.losePendingBut(new Map());
    this.hasLostKeys = true;
    this.model.lose(keys);
    await deleteKeys(this.world.redis, this.couponId, ...keys);
  }

  /** Dies before the step: what it did until then stays, and its lock expires. */
  private async cutOffRebuild(before: RebuildStep, at: At): Promise<void> {
    const store = this.at(at).get(RebuildStore);
    const stubs = [jest.spyOn(store, before).mockImplementation(dies)];
    if (before !== 'endRebuild') stubs.push(jest.spyOn(store, 'endRebuild').mockImplementation(dies));
    try {
      // Without rows there are no users to add, and a rebuild does not get to that step.
      await this.at(at)
        .get(RebuildService)
        .rebuild(this.couponId)
        .catch(() => undefined);
    } finally {
      for (const stub of stubs) stub.mockRestore();
    }
    await this.world.expireRebuildLock(this.couponId);
    this.model.cutOffRebuild(before);
  }

  private async restart(stepsBack: number, as: 'ANOTHER_PROCESS' | 'SAME_PROCESS'): Promise<void> {
    const earlier = this.history.at(-1 - Math.min(stepsBack, this.history.length - 1)) as RealKeys;
    if (stepsBack > 0) this.hasLostKeys = true;
    const { state, reserved, users, sequence } = earlier;
    const pending = new Map(earlier.pending.map(({ userId, sequenceNumber }) => [userId, sequenceNumber]));
    this.losePendingBut(pending);
    const published = { total: Number(state['total']), version: Number(state['version']), isCurrent: false };
    this.model.keys = {
      state: Object.keys(state).length === 0 ? undefined : published,
      reserved,
      users: new Set(users),
      sequence,
      pending,
    };
    await this.world.turnBackRedis(this.couponId, earlier, as);
  }

  private picked(picks: readonly number[]): Reservation[] {
    const count = this.accepted.length;
    if (count === 0) return [];
    return [...new Set(picks.map((pick) => this.accepted[count - 1 - (pick % count)] as Reservation))];
  }

  /** P5: a number above all that were given out before. */
  private accept(userId: number, sequenceNumber: number): void {
    expect(sequenceNumber).toBeGreaterThan(this.accepted.at(-1)?.sequenceNumber ?? 0);
    this.accepted.push({ userId, sequenceNumber });
  }

  private remember(expected: ModelDecision, { issued, failed }: Decision): void {
    this.decisions.push(expected);
    expect({
      issued: byNumber(issued),
      failed: byNumber(failed).map(({ userId, sequenceNumber, reason }) => ({ userId, sequenceNumber, reason })),
    }).toEqual({ issued: byNumber(expected.issued), failed: byNumber(expected.failed) });
  }

  private losePendingBut(kept: ReadonlyMap<number, number>): void {
    for (const [userId, number] of this.model.keys.pending) {
      if (kept.get(userId) !== number) this.lost.add(number);
    }
  }
}

function dies(): Promise<never> {
  return Promise.reject(new Error('the process has died'));
}

function byNumber<T extends Reservation>(reservations: readonly T[]): T[] {
  return [...reservations].sort((a, b) => a.sequenceNumber - b.sequenceNumber);
}

/** The code of a refusal, undefined for a success. */
async function codeOf(attempt: Promise<unknown>): Promise<string | undefined> {
  try {
    await attempt;
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
}
