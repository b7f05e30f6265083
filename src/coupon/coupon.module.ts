import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { UserModule } from '../user/index.js';
import { CouponAdministrationController } from './coupon-administration.controller.js';
import { CouponController } from './coupon.controller.js';
import { Coupon } from './coupon.entity.js';
import { CouponRepository } from './coupon.repository.js';
import { CouponService } from './coupon.service.js';
import { IssuanceFailure } from './issuance/issuance-failure.entity.js';
import { ReservationController } from './reservation.controller.js';
import { UserCouponController } from './user-coupon.controller.js';
import { UserCoupon } from './user-coupon.entity.js';
import { UserCouponRepository } from './user-coupon.repository.js';
import { UserCouponService } from './user-coupon.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Coupon, UserCoupon, IssuanceFailure]), UserModule],
  controllers: [CouponController, ReservationController, CouponAdministrationController, UserCouponController],
  providers: [CouponRepository, CouponService, UserCouponRepository, UserCouponService],
  exports: [CouponService],
})
export class CouponModule {}
