import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** Those of the API, and those that the campaign RPC takes from browsers. */
const ALLOWED_HEADERS = [
  'Authorization',
  'Content-Type',
  'Entry-Ticket',
  'Idempotency-Key',
  'Last-Event-ID',
  'Prefer',
  'X-Request-Id',
  'Connect-Protocol-Version',
  'Connect-Timeout-Ms',
  'Grpc-Timeout',
  'X-Grpc-Web',
  'X-User-Agent',
];
const EXPOSED_HEADERS = [
  'Allow',
  'Location',
  'Preference-Applied',
  'Retry-After',
  'WWW-Authenticate',
  'X-Request-Id',
  'Grpc-Message',
  'Grpc-Status',
  'Grpc-Status-Details-Bin',
];
/** For so long a browser asks no second time whether it may call. */
const PREFLIGHT_MAX_AGE_SECONDS = 600;

/**
 * Lets the scripts of pages of these origins call the API. Cookies are no part of it: whoever calls says so in a header.
 * Without origins there is nothing that a request would pay for.
 */
export function allowOrigins(app: NestFastifyApplication, origins: readonly string[]): void {
  if (origins.length === 0) return;
  const allowed = new Set(origins);
  app.enableCors({
    origin: (origin: string | undefined, answer: (error: null, isAllowed: boolean) => void) =>
      answer(null, origin !== undefined && allowed.has(origin)),
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ALLOWED_HEADERS,
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: PREFLIGHT_MAX_AGE_SECONDS,
    // Else it refuses some preflights in words of its own.
    strictPreflight: false,
  });
}
