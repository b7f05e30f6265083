import type { Config } from '../../config/config.schema.js';

/** How many of the pool's connections the callers of a class may have; see `connectionShares` for small pools. */
export interface ConnectionShare {
  /** At most so many at once. */
  readonly max: number;
  /** So many are kept for them, also while they are not in use. Every class has at least one. */
  readonly reserved?: number;
  /** How long one of them waits in line; `database.acquireTimeoutMs` where it is not given. */
  readonly waitMs?: number;
}

/**
 * Callers that share a part of the pool, so that whatever they wait for, such as a locked row, holds up nobody else. A
 * module declares its own, with a share that its settings say; all of them are put together where the module of the
 * database is registered.
 */
export class ConnectionClass<Settings = never> {
  constructor(
    readonly name: string,
    readonly share: (settings: Settings) => ConnectionShare,
  ) {}
}

/** Whoever is of no other class: plain queries, and transactions in which nobody waits for long. */
export const SHARED = new ConnectionClass<Config>('shared', ({ database }) => ({ max: database.poolSize }));
