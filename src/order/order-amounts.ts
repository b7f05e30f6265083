/** What an order costs, in won. */
export interface OrderAmounts {
  readonly subtotalAmount: number;
  readonly discountAmount: number;
  readonly totalAmount: number;
}

/** What is taken off: an amount in won, or else a rate in percent. */
export interface Discount {
  readonly discountAmount: number | null;
  readonly discountRate: number | null;
}

/** The amounts of an order; a rate is rounded down, and no discount is larger than the subtotal. */
export function orderAmounts(
  lines: ReadonlyArray<{ readonly unitPrice: number; readonly quantity: number }>,
  discount: Discount | undefined,
): OrderAmounts {
  const subtotalAmount = lines.reduce((sum, { unitPrice, quantity }) => sum + unitPrice * quantity, 0);
  const discountAmount = discount === undefined ? 0 : discountOf(subtotalAmount, discount);
  return { subtotalAmount, discountAmount, totalAmount: subtotalAmount - discountAmount };
}

function discountOf(subtotal: number, { discountAmount, discountRate }: Discount): number {
  if (discountAmount !== null) return Math.min(discountAmount, subtotal);
  // Hundreds and the rest apart: the product of a large subtotal and the rate would no longer be exact.
  const rate = discountRate ?? 0;
  const rest = subtotal % 100;
  return ((subtotal - rest) / 100) * rate + Math.floor((rest * rate) / 100);
}
