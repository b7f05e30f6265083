/** The codes of each module, which adds its own by `declare module`; the table of statuses must have all to compile. */
export interface ErrorCodes {
  platform:
    | 'VALIDATION_FAILED'
    | 'MALFORMED_JSON'
    | 'BAD_REQUEST'
    | 'UNAUTHENTICATED'
    | 'FORBIDDEN'
    | 'IDENTITY_UNAVAILABLE'
    | 'ROUTE_NOT_FOUND'
    | 'METHOD_NOT_ALLOWED'
    | 'REQUEST_TIMEOUT'
    | 'BODY_TOO_LARGE'
    | 'UNSUPPORTED_MEDIA_TYPE'
    | 'EXPECTATION_FAILED'
    | 'HEADERS_TOO_LARGE'
    | 'CLIENT_CLOSED_REQUEST'
    | 'INTERNAL_ERROR'
    | 'DATABASE_UNAVAILABLE';
}

/** Every code that an answer may carry. */
export type ErrorCode = ErrorCodes[keyof ErrorCodes];
