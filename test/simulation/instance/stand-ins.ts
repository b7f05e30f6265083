import { ConnectionLimit } from '../../../src/platform/http/connection-limit.js';
import { IdempotencyRepository } from '../../../src/platform/idempotency/idempotency.repository.js';
import { OrderRepository } from '../../../src/order/order.repository.js';
import { ProductNames, ProductService } from '../../../src/product/index.js';
import { BalanceService, UserDirectory } from '../../../src/user/index.js';
import { UserCouponRepository } from '../../../src/coupon/user-coupon.repository.js';
import type { Token } from './container.js';

/** For what nothing in a history calls: it says so if something does. */
function notSimulated(name: string): object {
  return new Proxy(
    {},
    {
      get: (_target, property) => {
        // The life cycle and promises ask everyone.
        if (typeof property === 'symbol' || property === 'then' || property.startsWith('on')) return undefined;
        if (property === 'beforeApplicationShutdown') return undefined;
        throw new Error(`${name}.${property} is not simulated`);
      },
    },
  );
}

/**
 * The faces of modules that take no part in the saga: everyone is registered, rich, and finds what they want in stock;
 * what an order looks like nobody in a history reads. What pays and who may ask has tests of its own.
 */
export function standIns(): Map<Token, unknown> {
  return new Map<Token, unknown>([
    [ConnectionLimit, { limit: 50_000 }],
    [UserDirectory, { isKnown: () => true, exists: async () => true }],
    [BalanceService, { debit: async () => 0, credit: async () => 0, get: async () => ({ balance: 0 }) }],
    [ProductService, { takeFromStock: async () => undefined, putBackIntoStock: async () => undefined }],
    [ProductNames, { namesOf: async (ids: readonly number[]) => new Map(ids.map((id) => [id, `Product ${id}`])) }],
    [IdempotencyRepository, notSimulated('IdempotencyRepository')],
    [OrderRepository, { find: async (orderId: number) => ({ orderId, items: [], createdAt: new Date(0) }) }],
    [UserCouponRepository, notSimulated('UserCouponRepository')],
  ]);
}
