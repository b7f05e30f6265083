import { RESERVATION_SCRIPTS } from './coupon/reservation/reservation-scripts.js';
import type { RedisScripts } from './platform/redis/redis-scripts.js';
import { RANKING_SCRIPTS } from './ranking/ranking-scripts.js';

/** The Lua scripts of every module. */
export const REDIS_SCRIPTS: RedisScripts = { ...RESERVATION_SCRIPTS, ...RANKING_SCRIPTS };
