import { Injectable } from '@nestjs/common';
import { On } from '../../platform/events/on.decorator.js';
import type { CouponReservedEvent } from '../reservation/coupon-reserved.event.js';
import { IssuanceQueue } from './issuance-queue.service.js';

/** Starts the issuance of admitted users. It can't fail: what the queue has no room for stays pending for the sweep. */
@Injectable()
export class IssueWhenCouponReservedListener {
  constructor(private readonly queue: IssuanceQueue) {}

  @On('coupon.reserved')
  handle({ couponId, reservations }: CouponReservedEvent): void {
    this.queue.submit(couponId, reservations);
  }
}
