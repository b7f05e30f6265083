/** The numbers 1 to `quantity`. */
export function numbersTo(quantity: number): number[] {
  return Array.from({ length: quantity }, (_, index) => index + 1);
}
