/** How often each outcome occurs: `{ ISSUED: 10, COUPON_SOLD_OUT: 90 }`. */
export function countEach(outcomes: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}
