import type { ErrorCode } from './error-codes.js';

/** Those codes of the Connect protocol that we answer; gRPC has the same. https://connectrpc.com/docs/protocol#error-codes */
export type RpcCode =
  | 'already_exists'
  | 'canceled'
  | 'failed_precondition'
  | 'internal'
  | 'invalid_argument'
  | 'not_found'
  | 'permission_denied'
  | 'resource_exhausted'
  | 'unauthenticated'
  | 'unavailable'
  | 'unimplemented';

/** How a code is answered. */
export interface ProblemKind {
  readonly status: number;
  /** What the code means, the same for every occurrence. */
  readonly title: string;
  /** What a client of the RPC is told; without `message` it is the sentence of the occurrence. */
  readonly rpc: { readonly code: RpcCode; readonly message?: string };
}

/** How every code is answered. */
export type ProblemCatalog = Readonly<Record<ErrorCode, ProblemKind>>;

/** Injection token of the {@link ProblemCatalog}; the composition root provides it, since platform knows no domain word. */
export const PROBLEM_CATALOG = Symbol('ProblemCatalog');

/** The `type` of a problem: `INTERNAL_ERROR` is `urn:firstcome:problem:internal-error`. */
export function problemType(code: ErrorCode): string {
  return `urn:firstcome:problem:${code.toLowerCase().replaceAll('_', '-')}`;
}
