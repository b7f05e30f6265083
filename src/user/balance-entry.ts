/** Why a balance changed. OPENING: what it was when entries began, or when the user was seeded. */
export const BALANCE_ENTRY_KINDS = ['OPENING', 'CHARGE', 'PAYMENT', 'REFUND'] as const;
export type BalanceEntryKind = (typeof BALANCE_ENTRY_KINDS)[number];

/** One movement of a balance. */
export interface BalanceEntry {
  readonly entryId: number;
  /** In won, below zero where it was taken; never 0. */
  readonly amount: number;
  readonly kind: BalanceEntryKind;
  /** The order that was paid or refunded; null for the other kinds. */
  readonly orderId: number | null;
  readonly createdAt: Date;
}

/** A movement that is not stored yet. */
export interface NewBalanceEntry extends Omit<BalanceEntry, 'entryId'> {
  readonly userId: number;
}
