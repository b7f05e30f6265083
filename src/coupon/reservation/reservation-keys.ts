/**
 * Every Redis key of a coupon. They share the hash tag `{couponId}`, so that they live on one node of a Redis Cluster
 * and one script may touch them all. None has a TTL, but for the two of a rebuild in progress.
 */
export const reservationKeys = {
  /** Hash: the definition, the epoch, and the identity of the server that filled it (`platform/redis/lua/server-identity.lua`). */
  state: (couponId: number) => `coupon:{${couponId}}:state`,
  /** Counter: slots held. INCR on reserve, DECR on release. */
  reserved: (couponId: number) => `coupon:{${couponId}}:reserved`,
  /** Set: the users who hold a slot. */
  users: (couponId: number) => `coupon:{${couponId}}:users`,
  /** Counter: the last sequence number given out. INCR only. */
  sequence: (couponId: number) => `coupon:{${couponId}}:sequence`,
  /** Sorted set: user id → sequence number, until confirmed. */
  pending: (couponId: number) => `coupon:{${couponId}}:pending`,
  /** The token of the rebuild in progress; expires with its owner. */
  rebuildLock: (couponId: number) => `coupon:{${couponId}}:rebuild-lock`,
  /** Set: the users a rebuild has read so far; expires with its owner. */
  rebuildUsers: (couponId: number) => `coupon:{${couponId}}:rebuild-users`,

  /** No key, but a channel of the same hash tag: whose reservations have ended (`lua/tell-of-outcomes.lua`). */
  outcomes: (couponId: number) => `coupon:{${couponId}}:outcomes`,

  /** Matches a key of any coupon. */
  anyPattern: 'coupon:{*}:*',
  /** The coupon a key belongs to, or undefined for a key that is not a coupon's. */
  couponIdOf: (key: string): number | undefined => {
    const digits = /^coupon:\{(\d+)\}:/.exec(key)?.[1];
    return digits === undefined ? undefined : Number(digits);
  },
};

/**
 * The keys of what is written down of a coupon for those who watch it. They have the coupon's hash tag, but are none of the
 * above: nothing that closes, rebuilds or forgets a coupon looks at them. All expire.
 */
export const historyKeys = {
  /** Hash: who counted and the reason → how often. See `watch/shared-refusals.service.ts`. */
  refusals: (couponId: number) => `firstcome:history:{${couponId}}:refusals`,
  /** List: a point for each second of about the last hour, the oldest first. See `watch/history-point.ts`. */
  seconds: (couponId: number) => `firstcome:history:{${couponId}}:seconds`,
  /** List: a point for each minute of the coupon's life, the oldest first. */
  minutes: (couponId: number) => `firstcome:history:{${couponId}}:minutes`,
  /** The token of the instance that writes points; expires. */
  leader: 'firstcome:history:leader',
};

/** The five keys of a coupon, in the order in which the scripts take them. */
export function scriptKeys(couponId: number): [string, string, string, string, string] {
  return [
    reservationKeys.state(couponId),
    reservationKeys.reserved(couponId),
    reservationKeys.users(couponId),
    reservationKeys.sequence(couponId),
    reservationKeys.pending(couponId),
  ];
}
