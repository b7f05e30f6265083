import type { Redis, Result } from 'ioredis';
import { loadScript } from '../platform/redis/load-script.js';

type Argument = string | number;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    countOrders(...keysAndArguments: Argument[]): Result<[counted: number, complete: number], Context>;
    topProducts(
      ...keysAndArguments: Argument[]
    ): Result<[complete: number, ...productsAndQuantities: string[]], Context>;
    productRank(...keysAndArguments: Argument[]): Result<[complete: number, rank?: number, quantity?: string], Context>;
    beginReconcile(...keysAndArguments: Argument[]): Result<number, Context>;
    endReconcile(...keysAndArguments: Argument[]): Result<number, Context>;
  }
}

const SCRIPTS = {
  countOrders: { file: 'lua/count-orders.lua', numberOfKeys: 3 },
  topProducts: { file: 'lua/top-products.lua', numberOfKeys: 3 },
  productRank: { file: 'lua/product-rank.lua', numberOfKeys: 3 },
  beginReconcile: { file: 'lua/begin-reconcile.lua', numberOfKeys: 4 },
  endReconcile: { file: 'lua/end-reconcile.lua', numberOfKeys: 2 },
} as const;

/** Teaches a connection the scripts of this folder; the files say what they take and answer. */
export function defineRankingScripts(client: Redis): void {
  for (const [name, { file, numberOfKeys }] of Object.entries(SCRIPTS)) {
    client.defineCommand(name, { numberOfKeys, lua: loadScript(import.meta.url, file) });
  }
}
