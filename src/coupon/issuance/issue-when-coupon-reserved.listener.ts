import { Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { CouponReservedEvent } from '../reservation/coupon-reserved.event.js';
import { CouponIssuer } from './coupon-issuer.service.js';

/**
 * Starts the issuance of admitted users. It can't fail: what the issuer has no room for stays pending for the sweep.
 */
@Injectable()
export class IssueWhenCouponReservedListener {
  constructor(private readonly issuer: CouponIssuer) {}

  @OnEvent(CouponReservedEvent.type)
  handle({ couponId, reservations }: CouponReservedEvent): void {
    for (const reservation of reservations) this.issuer.submit(couponId, reservation);
  }
}
