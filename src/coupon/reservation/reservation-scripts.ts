import type { Result } from 'ioredis';
import { loadScripts } from '../../platform/redis/redis-scripts.js';

type Argument = string | number;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    reserveCoupon(...keysAndArguments: Argument[]): Result<number[], Context>;
    confirmReservations(...keysAndArguments: Argument[]): Result<[number, string], Context>;
    releaseReservations(...keysAndArguments: Argument[]): Result<[number, string], Context>;
    releaseLeaked(...keysAndArguments: Argument[]): Result<number, Context>;
    discardReservations(...keysAndArguments: Argument[]): Result<number, Context>;
    readDefinition(...keysAndArguments: Argument[]): Result<string[], Context>;
    publishDefinition(...keysAndArguments: Argument[]): Result<number, Context>;
    lowerTotal(...keysAndArguments: Argument[]): Result<number, Context>;
    inspectCoupon(...keysAndArguments: Argument[]): Result<InspectReply, Context>;
    forgetCoupon(...keysAndArguments: Argument[]): Result<number, Context>;
    beginRebuild(...keysAndArguments: Argument[]): Result<number[], Context>;
    renewRebuild(...keysAndArguments: Argument[]): Result<number, Context>;
    addRebuiltUsers(...keysAndArguments: Argument[]): Result<number, Context>;
    swapRebuilt(...keysAndArguments: Argument[]): Result<number, Context>;
    endRebuild(...keysAndArguments: Argument[]): Result<number, Context>;
  }
}

/** loaded, reserved, users, sequence, pending, state fields and values; see inspect-coupon.lua. */
export type InspectReply = [number, string, number, string, number, string[]];

/** The scripts of this folder; the files say what they take and answer. */
export const RESERVATION_SCRIPTS = loadScripts(import.meta.url, {
  reserveCoupon: { file: 'lua/reserve-coupon.lua', numberOfKeys: 5 },
  confirmReservations: { file: 'lua/confirm-reservations.lua', numberOfKeys: 5 },
  releaseReservations: { file: 'lua/release-reservations.lua', numberOfKeys: 5 },
  releaseLeaked: { file: 'lua/release-leaked.lua', numberOfKeys: 5 },
  discardReservations: { file: 'lua/discard-reservations.lua', numberOfKeys: 1 },
  readDefinition: { file: 'lua/read-definition.lua', numberOfKeys: 1 },
  publishDefinition: { file: 'lua/publish-definition.lua', numberOfKeys: 1 },
  lowerTotal: { file: 'lua/lower-total.lua', numberOfKeys: 5 },
  inspectCoupon: { file: 'lua/inspect-coupon.lua', numberOfKeys: 5 },
  forgetCoupon: { file: 'lua/forget-coupon.lua', numberOfKeys: 5 },
  beginRebuild: { file: 'lua/begin-rebuild.lua', numberOfKeys: 7 },
  renewRebuild: { file: 'lua/renew-rebuild.lua', numberOfKeys: 2 },
  addRebuiltUsers: { file: 'lua/add-rebuilt-users.lua', numberOfKeys: 2 },
  swapRebuilt: { file: 'lua/swap-rebuilt.lua', numberOfKeys: 7 },
  endRebuild: { file: 'lua/end-rebuild.lua', numberOfKeys: 2 },
});
