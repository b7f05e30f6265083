import { AuditService } from '../../../src/coupon/audit/audit.service.js';
import type { CouponPatch } from '../../../src/coupon/coupon.schemas.js';
import { CouponService } from '../../../src/coupon/coupon.service.js';
import { Grants } from '../../../src/coupon/grant/grant.service.js';
import { FailureService } from '../../../src/coupon/issuance/failure.service.js';
import { ForgetEndedCouponsJob } from '../../../src/coupon/issuance/forget-ended-coupons.job.js';
import { RebuildService } from '../../../src/coupon/reservation/rebuild.service.js';
import { Revocations } from '../../../src/coupon/revocation/revocation.service.js';
import type { SimulatedInstance } from '../instance/simulated-instance.js';
import { Chance } from '../world/chance.js';
import type { History } from './history.js';
import type { Moments } from './moments.js';
import { OPERATOR } from './operator.js';
import type { CouponPlan, PlannedEvent } from './plan.js';
import { EPOCH_MS } from '../world/world.js';

type Call = (instance: SimulatedInstance, history: History) => Promise<unknown>;

/** What an operator does to a coupon. */
interface Action {
  readonly what: string;
  readonly call: Call;
}

const HOUR_MS = 3_600_000;

/** What operators do meanwhile: change, move windows, pause, rebuild, look, try failures again. */
export function drawAdministration(seed: number, moments: Moments, coupons: readonly CouponPlan[]): PlannedEvent[] {
  const chance = new Chance(seed, 'operators');
  const count = chance.pick([0, 0, 3, 8]);
  const open = coupons.filter(({ isNotOpenYet }) => !isNotOpenYet);
  const actions = Array.from({ length: count }, (_, index) => {
    const own = new Chance(seed, `operator ${index + 1}`);
    return planned(own, moments, drawAction(own, own.pick(open)));
  });
  return [...actions, ...drawGrantsBeforeTheWindow(seed, moments, coupons)];
}

/** Of a coupon whose window has not begun nothing else changes, as where nobody has looked at it since it was created. */
function drawGrantsBeforeTheWindow(seed: number, moments: Moments, coupons: readonly CouponPlan[]): PlannedEvent[] {
  return coupons.flatMap(({ couponId, users, isNotOpenYet }) => {
    const count = isNotOpenYet ? new Chance(seed, 'grants before the window').between(3, 8) : 0;
    return Array.from({ length: count }, (_, index) => {
      const own = new Chance(seed, `grant ${index + 1} before the window`);
      return planned(own, moments, drawGrant(own, couponId, users));
    });
  });
}

function planned(chance: Chance, moments: Moments, { what, call }: Action): PlannedEvent {
  return { at: moments.draw(chance), what, happen: (history) => carryOut(history, chance, what, call) };
}

function drawAction(chance: Chance, { couponId, totalQuantity, users }: CouponPlan): Action {
  const change = (patch: CouponPatch, what: string): Action => ({
    what: `an operator ${what} coupon ${couponId}`,
    call: (instance) => instance.get(CouponService).change(couponId, patch, OPERATOR),
  });
  const more = totalQuantity + chance.between(1, 4);
  const fewer = Math.max(1, totalQuantity - chance.between(1, Math.ceil(totalQuantity / 2)));
  return chance.pick<() => Action>([
    () => change({ totalQuantity: more }, `sets the total to ${more} of`),
    () => change({ totalQuantity: fewer }, `sets the total to ${fewer} of`),
    () => change({ totalQuantity: fewer }, `sets the total to ${fewer} of`),
    () => drawRevocation(chance, couponId, users),
    () => drawRevocation(chance, couponId, users),
    () => drawGrant(chance, couponId, users),
    () => drawGrant(chance, couponId, users),
    () => drawWindow(chance, couponId),
    () => drawUseBy(chance, couponId),
    () => change({ isActive: false }, 'pauses'),
    () => change({ isActive: true }, 'resumes'),
    () => ({
      what: `an operator rebuilds coupon ${couponId}`,
      call: (instance) => instance.get(RebuildService).rebuild(couponId),
    }),
    () => ({
      what: `an operator audits coupon ${couponId}`,
      call: (instance) => instance.get(AuditService).audit(couponId),
    }),
    () => ({
      what: `an operator tries the failures of coupon ${couponId} again`,
      call: (instance) => retryFailures(instance, couponId),
    }),
    () => ({
      what: 'what ended long ago is forgotten',
      call: (instance) => instance.get(ForgetEndedCouponsJob).run(),
    }),
  ])();
}

/** Gives it to a few, some of whom may have it, whatever the window and the pause. */
function drawGrant(chance: Chance, couponId: number, users: readonly number[]): Action {
  const first = chance.below(users.length);
  const userIds = users.slice(first, first + chance.between(1, 4));
  return {
    what: `an operator grants coupon ${couponId} to ${userIds.length} users from ${userIds[0]} on`,
    call: (instance) => instance.get(Grants).grant(couponId, userIds, OPERATOR),
  };
}

/** Takes it from a few, who may not have it, and now and then from all who have not used it. */
function drawRevocation(chance: Chance, couponId: number, users: readonly number[]): Action {
  const isOfAll = chance.is(0.1);
  const userIds = isOfAll ? undefined : users.filter(() => chance.is(0.3)).slice(0, 3);
  const whose = { userIds, allUnused: isOfAll ? (true as const) : undefined };
  const returnSlots = chance.is(0.7);
  return {
    what: `an operator takes coupon ${couponId} from ${isOfAll ? 'all' : 'a few'}${returnSlots ? ', and gives back the slots' : ''}`,
    call: (instance) =>
      instance.get(Revocations).revoke(couponId, { ...whose, reason: 'fraud', returnSlots }, OPERATOR),
  };
}

/** Ends the claim window, at once or soon, or moves its end. */
function drawWindow(chance: Chance, couponId: number): Action {
  const ms = chance.pick([1, 2000, HOUR_MS, 3 * HOUR_MS]);
  return {
    what: `an operator ends the window of coupon ${couponId} in ${ms} ms`,
    call: async (instance, { world }) => {
      const expiresAt = new Date(EPOCH_MS + world.now + ms);
      await instance.get(CouponService).change(couponId, { expiresAt }, OPERATOR);
    },
  };
}

/** For what is issued later, or for what is issued already as well. */
function drawUseBy(chance: Chance, couponId: number): Action {
  const patch: CouponPatch = chance.pick([
    { usableDays: chance.between(1, 30), usableUntil: null },
    { usableDays: null, usableUntil: new Date(EPOCH_MS + chance.between(2, 50) * HOUR_MS) },
    { usableDays: null, usableUntil: null },
  ]);
  const applyToIssued = chance.is(0.5);
  return {
    what: `an operator sets the use-by time of coupon ${couponId}${applyToIssued ? ', also of what is issued' : ''}`,
    call: async (instance, { observer }) => {
      if (applyToIssued) observer.useBy.mayApply(couponId);
      await instance.get(CouponService).change(couponId, { ...patch, applyToIssued }, OPERATOR);
    },
  };
}

async function retryFailures(instance: SimulatedInstance, couponId: number): Promise<void> {
  const service = instance.get(FailureService);
  const { failures } = await service.list(couponId, { cursor: undefined, limit: 20 });
  for (const { failureId, retriedAt } of failures) if (retriedAt === null) await service.retry(couponId, failureId);
}

/** An operator whose call fails says so, and leaves it. */
function carryOut(history: History, chance: Chance, what: string, call: Call): void {
  const instance = history.instances.any(chance);
  if (instance === undefined) return;
  history.world.tell(`${what}, at ${instance.name}`);
  history.world.after(
    0,
    'operator',
    () => {
      call(instance, history).catch((error: unknown) => {
        if (instance.isDead) return;
        history.observer.refused(error);
        history.world.tell(`${instance.name} answers the operator: ${String(error)}`);
      });
    },
    instance,
  );
}
