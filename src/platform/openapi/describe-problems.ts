import type { OpenAPIObject } from '@nestjs/swagger';
import type { ErrorCode } from '../errors/error-codes.js';
import { type ProblemCatalog, problemType } from '../errors/problem-catalog.js';
import { IDEMPOTENCY_KEY_HEADER } from '../idempotency/idempotency-key.js';
import { type ExampleIds, examplePath } from './describe-ids.js';
import { type Operation, operationsOf } from './operations.js';
import { PROBLEMS_EXTENSION } from './problems.decorator.js';

const BODY_CODES = [
  'VALIDATION_FAILED',
  'MALFORMED_JSON',
  'BODY_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
] as const satisfies readonly ErrorCode[];

const text = (description: string, format?: string) => ({ type: 'string', description, ...(format && { format }) });

const problemSchema = {
  type: 'object',
  properties: {
    type: text('A URN for the code', 'uri'),
    title: text('What the code means, the same for every occurrence'),
    status: { type: 'integer', description: 'The HTTP status' },
    detail: text('What is wrong this time, and what to do next'),
    instance: text('The path that was asked for', 'uri-reference'),
    code: text('Stable: decide by this one'),
    errors: {
      type: 'array',
      description: 'With VALIDATION_FAILED: every wrong value',
      items: {
        type: 'object',
        properties: { path: text('Where'), message: text('What') },
        required: ['path', 'message'],
      },
    },
    requestId: text('With INTERNAL_ERROR: quote it when you report the error'),
  },
  required: ['type', 'title', 'status', 'detail', 'instance', 'code'],
};

/** What callers may be kept from asking too often; not what a balancer or Prometheus ask. */
const LIMITED = /^\/(?:api|coupons)\//;

const WITH_RETRY_AFTER: ReadonlySet<number> = new Set([429, 503]);

/** Further members of an example, where the code has some. */
const EXAMPLE_MEMBERS: Readonly<Partial<Record<ErrorCode, object>>> = {
  VALIDATION_FAILED: { errors: [{ path: 'userId', message: 'must be a whole number from 1 to 9007199254740991' }] },
  INTERNAL_ERROR: { requestId: '9f86d081884c-2s' },
};

/** Turns the codes of every call into documented responses, one for each status. */
export function describeProblems(document: OpenAPIObject, catalog: ProblemCatalog, ids: ExampleIds): void {
  document.components ??= {};
  document.components.schemas = { ...document.components.schemas, Problem: problemSchema };
  for (const { path, operation } of operationsOf(document))
    describeOperation(operation, examplePath(path, ids), catalog);
}

function describeOperation(operation: Operation, path: string, catalog: ProblemCatalog): void {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codesOf(operation, path)) {
    const { status } = catalog[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  for (const [status, codes] of byStatus) {
    operation.responses[status] = toResponse(status, codes, path, catalog);
  }
}

function codesOf(operation: Operation, path: string): Set<ErrorCode> {
  const extended: Operation & { [PROBLEMS_EXTENSION]?: ErrorCode[] } = operation;
  const codes = new Set(extended[PROBLEMS_EXTENSION]);
  delete extended[PROBLEMS_EXTENSION];
  if (operation.requestBody !== undefined) BODY_CODES.forEach((code) => codes.add(code));
  const parameters = operation.parameters ?? [];
  if (parameters.length > 0) codes.add('VALIDATION_FAILED');
  if (parameters.some((parameter) => 'name' in parameter && parameter.name === IDEMPOTENCY_KEY_HEADER)) {
    codes.add('IDEMPOTENCY_IN_PROGRESS').add('IDEMPOTENCY_KEY_REUSED');
  }
  if ((operation.security ?? []).length > 0) {
    codes.add('UNAUTHENTICATED').add('FORBIDDEN').add('IDENTITY_UNAVAILABLE');
  }
  // Of a call that cannot be wrong in itself: what came was no HTTP.
  if (codes.size === 0) codes.add('BAD_REQUEST');
  if (LIMITED.test(path)) codes.add('RATE_LIMITED');
  return codes.add('INTERNAL_ERROR');
}

function toResponse(status: number, codes: ErrorCode[], path: string, catalog: ProblemCatalog) {
  const titles = codes.map((code) => `\`${code}\`: ${catalog[code].title}`);
  const examples = codes.map((code) => {
    const { title } = catalog[code];
    const standard = { type: problemType(code), title, status, detail: `${title}.`, instance: path, code };
    return [code, { summary: title, value: { ...standard, ...EXAMPLE_MEMBERS[code] } }] as const;
  });
  const retryAfter = { 'Retry-After': { description: 'Seconds to wait', schema: { type: 'integer' as const } } };
  return {
    description: titles.join('\n\n'),
    ...(WITH_RETRY_AFTER.has(status) && { headers: retryAfter }),
    content: {
      'application/problem+json': {
        schema: {
          allOf: [
            { $ref: '#/components/schemas/Problem' },
            { type: 'object' as const, properties: { code: { type: 'string' as const, enum: codes } } },
          ],
        },
        examples: Object.fromEntries(examples),
      },
    },
  };
}
