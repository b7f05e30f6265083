/** How a code is answered. */
export interface ProblemKind {
  readonly status: number;
  /** What the code means, the same for every occurrence. */
  readonly title: string;
}

/** Every code the application may answer with. */
export type ProblemCatalog = Readonly<Record<string, ProblemKind>>;

/**
 * Injection token of the {@link ProblemCatalog}; the composition root provides it, since platform knows no domain word.
 */
export const PROBLEM_CATALOG = Symbol('ProblemCatalog');

/** The `type` of a problem: `COUPON_SOLD_OUT` is `urn:firstcome:problem:coupon-sold-out`. */
export function problemType(code: string): string {
  return `urn:firstcome:problem:${code.toLowerCase().replaceAll('_', '-')}`;
}
