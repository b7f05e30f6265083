import { LeakedSlots } from '../../../src/coupon/issuance/leaked-slots.service.js';
import { MissingHolders } from '../../../src/coupon/issuance/missing-holders.service.js';
import { SettlementService } from '../../../src/coupon/issuance/settlement.service.js';
import { SweepService } from '../../../src/coupon/issuance/sweep.service.js';
import type { Coupon } from '../../../src/coupon/coupon.entity.js';
import { CouponRepository } from '../../../src/coupon/coupon.repository.js';
import { LedgerRepository } from '../../../src/coupon/ledger.repository.js';
import { type RedisCoupon, RedisCouponStore } from '../../../src/coupon/reservation/redis-coupon.store.js';
import { SettlementStore } from '../../../src/coupon/reservation/settlement.store.js';
import type { SimulatedInstance } from '../instance/simulated-instance.js';
import type { Mutation } from './mutation.js';
import { inScript, replaceMethod, replacePrivate } from './patches.js';

type IssueAgain = (couponId: number, upTo: number) => Promise<void>;
type OfferAgain = (coupon: Coupon, redisCoupon: RedisCoupon) => Promise<void>;
type SuspectsOf = (couponId: number) => Promise<number[]>;

/** More than there are users in a history. */
const ALL = 1000;

/** Faults in how is brought to an end what was left half done. */
export const SWEEP_MUTATIONS: readonly Mutation[] = [
  {
    name: 'no-sweep',
    fault: 'nobody looks at what stays pending: a slot is taken, and nothing is issued',
    instance: (instance) => replaceMethod(instance, SweepService, 'sweepAll', () => async () => undefined),
  },
  {
    name: 'the-sweep-releases',
    fault: 'what is old is released instead of issued: who was told RESERVED loses it without a word',
    instance: releaseWhatIsOld,
  },
  {
    name: 'the-sweep-loads-nothing',
    fault: 'a coupon without keys stays closed until somebody asks for it',
    instance: loadNothing,
  },
  {
    name: 'nobody-looks-for-missed-holders',
    fault:
      'a confirm that failed is not tried again, and no sweep looks for rows whose users hold no slot: they are admitted again',
    instance: missHolders,
  },
  {
    name: 'leaked-slots-are-never-freed',
    fault: 'a slot whose pending entry was lost with what Redis lost is held by nobody for ever (P4)',
    instance: (instance) => replaceMethod(instance, LeakedSlots, 'look', () => async () => 0),
  },
  {
    name: 'pending-slots-count-as-leaked',
    fault: 'a slot without a row is freed, although its user is pending: who waits for a slow MySQL loses it',
    scripts: inScript('releaseLeaked', "not redis.call('ZSCORE', KEYS[5], ARGV[i]) and ", ''),
    instance: pendingCountsAsLeaked,
  },
];

function releaseWhatIsOld(instance: SimulatedInstance): void {
  replacePrivate<IssueAgain>(instance, SweepService, 'issueAgain', () => async (couponId, upTo) => {
    const old = await instance.get(RedisCouponStore).pendingBetween(couponId, 0, upTo, ALL);
    if (old.length > 0) await instance.get(SettlementStore).release(couponId, old);
  });
}

function pendingCountsAsLeaked(instance: SimulatedInstance): void {
  replacePrivate<OfferAgain>(instance, SweepService, 'offerLeakedSlotsAgain', () => async ({ id }, { epoch }) => {
    await instance.get(LeakedSlots).look(id, epoch ?? 0);
  });
  replacePrivate<SuspectsOf>(instance, LeakedSlots, 'suspectsOf', () => async (couponId) => {
    const { userIds } = await instance.get(RedisCouponStore).usersPage(couponId, '0', ALL);
    const holders = await instance.get(LedgerRepository).usersWithRow(couponId, userIds);
    return userIds.filter((userId) => !holders.has(userId));
  });
}

function loadNothing(instance: SimulatedInstance): void {
  const coupons = Object.create(instance.get(CouponRepository)) as CouponRepository;
  coupons.idsToReserve = async () => [];
  Object.assign(instance.get(SweepService), { coupons });
}

/** Neither what this process could not tell Redis, nor what another one could not. */
function missHolders(instance: SimulatedInstance): void {
  replacePrivate<() => void>(instance, SettlementService, 'tellLater', () => () => undefined);
  replaceMethod(instance, MissingHolders, 'confirmUpTo', () => async () => true);
}
