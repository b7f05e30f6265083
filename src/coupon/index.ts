export { CouponModule } from './coupon.module.js';
export { CouponService } from './coupon.service.js';
