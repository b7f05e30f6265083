/** What an order costs, in won. */
export interface OrderAmounts {
  readonly subtotalAmount: number;
  readonly discountAmount: number;
  readonly totalAmount: number;
}

/** A line of an order, as far as it costs something. */
export interface PricedLine {
  readonly productId: number;
  /** In won, for one piece. */
  readonly unitPrice: number;
  readonly quantity: number;
}

/** What is taken off: an amount in won, or else a rate in percent. */
export interface Discount {
  readonly discountAmount: number | null;
  readonly discountRate: number | null;
  /** In won, the most that a rate takes off; null: as much as it comes to. */
  readonly maxDiscountAmount: number | null;
  /** It counts on the lines of these products only; null: on all. */
  readonly productIds: readonly number[] | null;
}

/**
 * The amounts of an order, exact as long as its lines come to a safe integer. A rate is rounded down, and no discount is
 * larger than what the lines come to on which it counts.
 */
export function orderAmounts(lines: readonly PricedLine[], discount: Discount | undefined): OrderAmounts {
  const subtotalAmount = amountOf(lines);
  const discountAmount = discount === undefined ? 0 : discountOf(amountOf(eligibleLines(lines, discount)), discount);
  return { subtotalAmount, discountAmount, totalAmount: subtotalAmount - discountAmount };
}

/** The lines on which a discount counts. */
export function eligibleLines(
  lines: readonly PricedLine[],
  { productIds }: Pick<Discount, 'productIds'>,
): readonly PricedLine[] {
  return productIds === null ? lines : lines.filter(({ productId }) => productIds.includes(productId));
}

/** What these lines come to, in won. */
export function amountOf(lines: readonly PricedLine[]): number {
  return lines.reduce((sum, { unitPrice, quantity }) => sum + unitPrice * quantity, 0);
}

function discountOf(eligible: number, { discountAmount, discountRate, maxDiscountAmount }: Discount): number {
  if (discountAmount !== null) return Math.min(discountAmount, eligible);
  // Hundreds and the rest apart: the product of a large amount and the rate would no longer be exact.
  const rate = discountRate ?? 0;
  const rest = eligible % 100;
  const atRate = ((eligible - rest) / 100) * rate + Math.floor((rest * rate) / 100);
  return Math.min(atRate, maxDiscountAmount ?? atRate);
}
