import type { LedgerCounts } from './audit.repository.js';

/** Every way in which Redis and MySQL can contradict each other or themselves. */
export const VIOLATION_CODES = [
  'OVER_ISSUED',
  'DUPLICATE_USER',
  'COUNTER_MISMATCH',
  'RETURNED_MISMATCH',
  'RESERVED_MISMATCH',
  'ISSUED_NOT_IN_REDIS',
  'SLOT_LEAKED',
  'STALE_PENDING',
  'DEFINITION_MISMATCH',
  'REDIS_UNAVAILABLE',
  'NOT_LOADED',
] as const;

export interface Violation {
  readonly code: (typeof VIOLATION_CODES)[number];
  /** What was found, in words and numbers. */
  readonly detail: string;
}

export interface Audit {
  readonly couponId: number;
  /** True when there is no violation. */
  readonly consistent: boolean;
  /** Null with `strategy: lock`, and while Redis is away. */
  readonly redis: {
    readonly reserved: number;
    readonly users: number;
    readonly pending: number;
    readonly sequence: number;
    readonly epoch: number;
    readonly available: number;
  } | null;
  readonly database: Omit<LedgerCounts, 'returnedQuantity' | 'slotsReturned'>;
  readonly violations: readonly Violation[];
}
