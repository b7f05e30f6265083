export { OrderModule } from './order.module.js';
export { OrderRefundedEvent } from './order-refunded.event.js';
export { type PaidOrder, PaidOrders, type ProductSales, type RefundedOrder } from './paid-orders.repository.js';
export { PaymentCompletedEvent, type SoldItem } from './payment-completed.event.js';
