import { beforeAll, describe, expect, it } from '@jest/globals';
import { CouponIssuer } from '../../src/coupon/issuance/coupon-issuer.service.js';
import { ReservationWaiters } from '../../src/coupon/issuance/reservation-waiters.service.js';
import { ReservationFollower } from '../../src/coupon/reservation-follower.service.js';
import type { ReservationState } from '../../src/coupon/reservation-view.js';
import { AdmissionStore } from '../../src/coupon/reservation/admission.store.js';
import { RebuildService } from '../../src/coupon/reservation/rebuild.service.js';
import { reservationKeys } from '../../src/coupon/reservation/reservation-keys.js';
import type { Reservation } from '../../src/coupon/reservation/reservation.js';
import { MetricsRegistry } from '../../src/platform/metrics/metrics-registry.js';
import { RedisConnection } from '../../src/platform/redis/redis-connection.js';
import { RedisSubscriber } from '../../src/platform/redis/redis-subscriber.js';
import { Instance } from '../support/instance.js';
import { openOwnServers, type OwnServers } from '../support/own-servers.js';
import { eventually } from '../support/poll.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { newUserId } from '../support/unique-ids.js';

/** Those who wait at one instance for what another one issues. */

let own: OwnServers;
/** Between Redis and the instance at which most of them wait. */
let proxy: TcpProxy;
let issuing: Instance;
let waiting: Instance;
let third: Instance;

beforeAll(async () => {
  own = await openOwnServers('waiting_elsewhere');
  proxy = await TcpProxy.inFrontOf(own.servers.redisUrl);
  issuing = await Instance.open(own);
  waiting = await Instance.open({
    servers: { ...own.servers, redisUrl: proxy.url },
    env: { REDIS_COMMAND_TIMEOUT_MS: '1000', LOG_LEVEL: 'fatal' },
  });
  third = await Instance.open(own);
});

/** Only Redis knows of it: no instance issues it by itself. */
async function reserve(): Promise<Reservation & { couponId: number }> {
  const couponId = await issuing.createCoupon(100);
  await eventually(() => expect(waiting.get(RedisConnection).isWell(reservationKeys.state(couponId))).toBe(true));
  await eventually(async () => expect(await issuing.get(RebuildService).load(couponId)).toBe(true));
  const userId = newUserId();
  const [sequenceNumber] = (await issuing.get(AdmissionStore).reserve(couponId, [userId])) as [number];
  return { couponId, userId, sequenceNumber };
}

async function issue({ couponId, ...reservation }: Reservation & { couponId: number }): Promise<void> {
  await issuing.get(CouponIssuer).issue(couponId, [reservation], new AbortController().signal);
}

function findEnded(at: Instance, { couponId, userId }: { couponId: number; userId: number }) {
  const wait = { waitMs: 60_000, onHangUp: (): void => undefined };
  return at.get(ReservationFollower).findEnded(couponId, userId, wait);
}

async function hearsOf(at: Instance, couponId: number): Promise<void> {
  const channel = reservationKeys.outcomes(couponId);
  await eventually(() => expect(at.get(RedisSubscriber).hears(channel)).toBe(true));
}

async function isWaiting(at: Instance, { couponId, userId }: { couponId: number; userId: number }): Promise<void> {
  await eventually(() => expect(at.get(ReservationWaiters).isAwaited(couponId, userId)).toBe(true));
}

async function hintsAt(at: Instance): Promise<number> {
  const { values } = await (at.get(MetricsRegistry).getSingleMetric('firstcome_waiter_hints_total')?.get() ?? {
    values: [],
  });
  return values[0]?.value ?? 0;
}

describe('who waits at another instance', () => {
  it('hears by a hint of what is issued, at each of them', async () => {
    const reservation = await reserve();
    const before = [await hintsAt(waiting), await hintsAt(third), await hintsAt(issuing)];
    const answers = [waiting, third, issuing].map((each) => findEnded(each, reservation));
    for (const each of [waiting, third, issuing]) {
      await isWaiting(each, reservation);
      await hearsOf(each, reservation.couponId);
    }
    await issue(reservation);
    for (const answer of answers) expect(await answer).toMatchObject({ status: 'ISSUED', sequenceNumber: 1 });
    await eventually(async () => {
      const after = [await hintsAt(waiting), await hintsAt(third), await hintsAt(issuing)];
      // What an instance has settled itself is no hint to it.
      expect(after).toEqual(before.map((count, index) => (index < 2 ? count + 1 : count)));
    });
  });

  it('hears by a hint of what has failed', async () => {
    const reservation = await reserve();
    await own.database.change('UPDATE coupons SET total_quantity = 0 WHERE id = ?', [reservation.couponId]);
    const before = await hintsAt(waiting);
    const answer = findEnded(waiting, reservation);
    await isWaiting(waiting, reservation);
    await hearsOf(waiting, reservation.couponId);
    await issue(reservation);
    expect(await answer).toMatchObject({ status: 'FAILED', failureReason: 'SOLD_OUT_IN_LEDGER' });
    expect(await hintsAt(waiting)).toBe(before + 1);
  });

  it('hears of it as a caller of /issue', async () => {
    const { couponId, ...reservation } = await reserve();
    const outcome = waiting.get(ReservationWaiters).outcome(couponId, reservation, 60_000);
    expect(waiting.get(ReservationWaiters).areAwaited(couponId)).toBe(true);
    await issue({ couponId, ...reservation });
    expect(await outcome).toMatchObject({ status: 'ISSUED', sequenceNumber: 1 });
    expect(waiting.get(ReservationWaiters).areAwaited(couponId)).toBe(false);
  });

  it('is told each change once, from the state at first', async () => {
    const reservation = await reserve();
    const { couponId, userId } = reservation;
    const told: ReservationState[] = [];
    await new Promise<void>((resolve, reject) => {
      const follower = {
        kind: 'stream' as const,
        onState: (state: ReservationState) => void told.push(state),
        onEnd: resolve,
      };
      waiting
        .get(ReservationFollower)
        .follow(couponId, userId, follower)
        .then(() => issue(reservation))
        .catch(reject);
    });
    expect(told.map(({ status }) => status)).toEqual(['RESERVED', 'ISSUED']);
  });
});

describe('who waits where Redis is in trouble', () => {
  it('hears also after its connections were cut, and is listened for anew', async () => {
    const reservation = await reserve();
    const answer = findEnded(waiting, reservation);
    await isWaiting(waiting, reservation);
    await hearsOf(waiting, reservation.couponId);
    proxy.cut();
    await eventually(() =>
      expect(waiting.get(RedisSubscriber).hears(reservationKeys.outcomes(reservation.couponId))).toBe(false),
    );
    await hearsOf(waiting, reservation.couponId);
    await issue(reservation);
    expect(await answer).toMatchObject({ status: 'ISSUED' });
  });

  it.each([
    ['is away', () => proxy.refuse(), () => proxy.accept()],
    ['is frozen', async () => proxy.stall(), async () => proxy.resume()],
  ])('hears of what is issued while it %s', async (_how, begin, end) => {
    const reservation = await reserve();
    const answer = findEnded(waiting, reservation);
    await isWaiting(waiting, reservation);
    await hearsOf(waiting, reservation.couponId);
    await begin();
    try {
      await issue(reservation);
      // By its row, which MySQL has.
      expect(await answer).toMatchObject({ status: 'ISSUED' });
    } finally {
      await end();
    }
    await eventually(async () => expect(await findEnded(waiting, reservation)).toMatchObject({ status: 'ISSUED' }));
  });
});
