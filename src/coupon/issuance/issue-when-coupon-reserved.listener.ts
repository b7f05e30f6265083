import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../platform/config/config.module.js';
import { On } from '../../platform/events/on.decorator.js';
import type { CouponConfig } from '../coupon.config.js';
import type { CouponReservedEvent } from '../reservation/coupon-reserved.event.js';
import { IssuanceQueue } from './issuance-queue.service.js';
import type { IssuanceTransport } from './issuance-transport.js';
import { KafkaTransport } from './kafka/kafka-transport.service.js';

/** Starts the issuance of admitted users. It can't fail: what does not get to its end stays pending for the sweep. */
@Injectable()
export class IssueWhenCouponReservedListener {
  private readonly transport: IssuanceTransport;

  constructor(queue: IssuanceQueue, kafka: KafkaTransport, @Inject(CONFIG) { coupon }: CouponConfig) {
    this.transport = coupon.issuance.transport === 'kafka' ? kafka : queue;
  }

  @On('coupon.reserved')
  handle({ couponId, reservations }: CouponReservedEvent): void {
    this.transport.submit(couponId, reservations);
  }
}
