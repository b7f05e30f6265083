import type { Result } from 'ioredis';
import { loadScripts } from '../platform/redis/redis-scripts.js';

type Argument = string | number;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    countOrders(...keysAndArguments: Argument[]): Result<[counted: number, complete: number], Context>;
    uncountOrders(...keysAndArguments: Argument[]): Result<[uncounted: number, complete: number], Context>;
    topProducts(
      ...keysAndArguments: Argument[]
    ): Result<[reconciledMsAgo: number, ...productsAndQuantities: string[]], Context>;
    productRank(
      ...keysAndArguments: Argument[]
    ): Result<[reconciledMsAgo: number, rank?: number, quantity?: string], Context>;
    sinceReconcile(...keysAndArguments: Argument[]): Result<number, Context>;
    beginReconcile(...keysAndArguments: Argument[]): Result<number, Context>;
    endReconcile(...keysAndArguments: Argument[]): Result<number, Context>;
    giveBackTurn(...keysAndArguments: Argument[]): Result<number, Context>;
  }
}

/** The scripts of this folder; the files say what they take and answer. */
export const RANKING_SCRIPTS = loadScripts(import.meta.url, {
  countOrders: { file: 'lua/count-orders.lua', numberOfKeys: 3 },
  uncountOrders: { file: 'lua/uncount-orders.lua', numberOfKeys: 3 },
  topProducts: { file: 'lua/top-products.lua', numberOfKeys: 3 },
  productRank: { file: 'lua/product-rank.lua', numberOfKeys: 3 },
  sinceReconcile: { file: 'lua/since-reconcile.lua', numberOfKeys: 3 },
  beginReconcile: { file: 'lua/begin-reconcile.lua', numberOfKeys: 4 },
  endReconcile: { file: 'lua/end-reconcile.lua', numberOfKeys: 2 },
  giveBackTurn: { file: 'lua/give-back-turn.lua', numberOfKeys: 1 },
});
