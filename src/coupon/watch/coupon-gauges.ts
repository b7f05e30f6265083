import { Injectable } from '@nestjs/common';
import { CircuitBreakers } from '../../platform/metrics/circuit-breakers.js';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { ReserveBreakers } from '../reservation/reserve-breakers.js';
import { type CouponObservation, CouponWatch } from './coupon-watch.service.js';

/** Name, help, and the value of a coupon; undefined where it is not known. */
type Shown = readonly [name: string, help: string, value: (observation: CouponObservation) => number | undefined];

const OF_EACH_COUPON: readonly Shown[] = [
  ['firstcome_coupon_stock', 'How many an open coupon can be issued in all.', (observation) => observation.capacity],
  ['firstcome_coupon_issued', 'User coupons issued of an open coupon.', (observation) => observation.issuedQuantity],
  [
    'firstcome_coupon_remaining',
    'Slots of an open coupon that nobody holds.',
    (observation) => observation.remainingQuantity,
  ],
  [
    'firstcome_coupon_loaded',
    '1 when the keys of an open coupon are complete and trusted; 0: closed until rebuilt.',
    (observation) => Number(observation.isLoaded),
  ],
  [
    'firstcome_coupon_pending',
    'Reservations of an open coupon that are not confirmed yet.',
    (observation) => observation.pending,
  ],
  [
    'firstcome_coupon_oldest_pending_seconds',
    'Time since this process first saw the number of the oldest pending reservation given out: at most one look ' +
      '(coupon.watch.intervalMs) too short, and counted from the start of the process for what was pending before. 0 when nothing is pending.',
    (observation) => observation.oldestPendingSeconds,
  ],
  [
    'firstcome_coupon_drift',
    'Slots by which the counters of Redis and MySQL contradict each other in two looks in a row; work in flight is none.',
    (observation) => observation.drift,
  ],
];

/** Shows what {@link CouponWatch} saw: one series for each watched coupon, which goes when the coupon is over. */
@Injectable()
export class CouponGauges {
  constructor(
    registry: MetricsRegistry,
    breakers: CircuitBreakers,
    watch: CouponWatch,
    reserveBreakers: ReserveBreakers,
  ) {
    for (const [name, help, value] of OF_EACH_COUPON) {
      registry.gaugeFuncBy(name, help, 'coupon_id', () =>
        watch.observations.flatMap((observation) => {
          const shown = value(observation);
          return shown === undefined ? [] : [[observation.couponId, shown] as const];
        }),
      );
    }
    registry.gaugeFunc(
      'firstcome_coupons_open',
      'Open coupons of the reservation strategy; those above coupon.watch.maxCoupons have no series of their own.',
      () => watch.openCoupons,
    );
    breakers.watch('reservations', () => reserveBreakers.isAnyOpen);
  }
}
