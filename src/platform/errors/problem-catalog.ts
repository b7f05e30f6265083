import type { ErrorCode } from './error-codes.js';

/** How a code is answered. */
export interface ProblemKind {
  readonly status: number;
  /** What the code means, the same for every occurrence. */
  readonly title: string;
}

/** How every code is answered. */
export type ProblemCatalog = Readonly<Record<ErrorCode, ProblemKind>>;

/** Injection token of the {@link ProblemCatalog}; the composition root provides it, since platform knows no domain word. */
export const PROBLEM_CATALOG = Symbol('ProblemCatalog');

/** The `type` of a problem: `INTERNAL_ERROR` is `urn:firstcome:problem:internal-error`. */
export function problemType(code: ErrorCode): string {
  return `urn:firstcome:problem:${code.toLowerCase().replaceAll('_', '-')}`;
}
