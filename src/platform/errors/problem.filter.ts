import { type ArgumentsHost, Catch, type ExceptionFilter, Inject, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LogLimit } from '../logging/log-limit.js';
import type { DomainError } from './domain-error.js';
import type { ErrorCode } from './error-codes.js';
import { DatabaseUnavailableError, InternalError } from './platform.errors.js';
import { PROBLEM_CATALOG, type ProblemCatalog, type ProblemKind, problemType } from './problem-catalog.js';
import { headersOf } from './problem-headers.js';
import { pathOf, toDomainError } from './to-domain-error.js';

/** While the database is away every request would say so. */
const OUTAGE_LINES = { lines: 1, intervalMs: 10_000 };
/** A fault of ours comes with a stack; a few of them tell as much as thousands. */
const FAULT_LINES = { lines: 5, intervalMs: 1_000 };

/** A refusal as an answer of HTTP. */
export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The one place where an error becomes an answer: `application/problem+json` (RFC 9457) with a stable `code`. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Problem');
  private readonly kinds: Readonly<Record<ErrorCode, ProblemKind & { readonly type: string }>>;
  private readonly outages = new LogLimit(OUTAGE_LINES, (count) =>
    this.logger.warn(`the database was unavailable for ${count} more calls, answered 503`),
  );
  private readonly faults = new LogLimit(FAULT_LINES, (count) =>
    this.logger.error(`${count} more calls failed within a second`),
  );

  constructor(@Inject(PROBLEM_CATALOG) catalog: ProblemCatalog) {
    const codes = Object.keys(catalog) as ErrorCode[];
    const kinds = codes.map((code) => [code, { ...catalog[code], type: problemType(code) }] as const);
    this.kinds = Object.fromEntries(kinds) as typeof this.kinds;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    this.answer(error, host.getArgByIndex<FastifyRequest>(0), host.getArgByIndex<FastifyReply>(1));
  }

  /** Also called for what fails before Nest is reached, such as a malformed URL. */
  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const refusal = this.refusalOf(error, request);
    if (reply.sent) return;
    const { status, headers, body } = this.render(refusal, pathOf(request.url));
    void reply.code(status).headers(headers).send(body);
  }

  /** What was thrown means to the caller, after the log was told what it has to know. */
  refusalOf(error: unknown, request: FastifyRequest): DomainError {
    const refusal = toDomainError(error, request);
    this.logWhatMatters(refusal, error, request);
    return refusal;
  }

  /** @param instance the path that was asked for */
  render(refusal: DomainError, instance: string): ProblemAnswer {
    const { type, title, status } = this.kinds[refusal.code];
    const { code, message: detail, data } = refusal;
    return {
      status,
      headers: { 'content-type': 'application/problem+json; charset=utf-8', ...headersOf(refusal) },
      body: JSON.stringify({ type, title, status, detail, instance, code, ...data }),
    };
  }

  /** Refusals are the caller's business and are not logged; an outage and our own faults are. */
  private logWhatMatters(refusal: DomainError, error: unknown, request: FastifyRequest): void {
    if (refusal instanceof InternalError) {
      const stack = error instanceof Error ? error.stack : undefined;
      this.faults.write(() =>
        this.logger.error(
          `${request.method} ${pathOf(request.url)} failed, request ${request.id}: ${String(error)}`,
          stack,
        ),
      );
    } else if (refusal instanceof DatabaseUnavailableError) {
      this.outages.write(() =>
        this.logger.warn(`the database is unavailable, answering 503: ${String(refusal.cause)}`),
      );
    }
  }
}
