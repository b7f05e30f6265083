/**
 * The codes that each module may answer with. A module adds its own by `declare module`; the table of statuses does not
 * compile until it has all of them.
 */
export interface ErrorCodes {
  platform:
    | 'VALIDATION_FAILED'
    | 'MALFORMED_JSON'
    | 'UNAUTHENTICATED'
    | 'ROUTE_NOT_FOUND'
    | 'BODY_TOO_LARGE'
    | 'UNSUPPORTED_MEDIA_TYPE'
    | 'INTERNAL_ERROR'
    | 'DATABASE_UNAVAILABLE';
}

/** Every code that an answer may carry. */
export type ErrorCode = ErrorCodes[keyof ErrorCodes];
