import { Module } from '@nestjs/common';
import { PaidOrders } from './paid-orders.repository.js';

@Module({
  providers: [PaidOrders],
  exports: [PaidOrders],
})
export class OrderModule {}
