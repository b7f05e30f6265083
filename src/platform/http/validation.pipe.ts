import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { ValidationFailedError, type ValidationIssue } from '../errors/platform.errors.js';

type Schema = NonNullable<ArgumentMetadata['schema']>;
type Result = Awaited<ReturnType<Schema['~standard']['validate']>>;
type Issue = NonNullable<Result['issues']>[number];

/** More would only help someone who wants a small request to be a large answer. */
const MAX_ISSUES = 20;
const MAX_PATH_LENGTH = 200;

/**
 * Checks what `@Body({ schema })`, `@Query({ schema })` and `@Param('name', { schema })` declare, and hands on what the
 * schema makes of it. Nest's own StandardSchemaValidationPipe does the same; it also walks through every body to
 * remove `__proto__`, which a strict schema refuses anyway, and awaits every result, where ours are there at once.
 */
@Injectable()
export class ValidationPipe implements PipeTransform<unknown> {
  /** @throws ValidationFailedError naming every wrong value, up to 20 */
  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    const { schema } = metadata;
    if (schema === undefined) return value;
    if (metadata.type === 'body') refuseNoObject(value);
    const result = schema['~standard'].validate(value);
    return result instanceof Promise ? result.then((settled) => unwrap(settled, metadata)) : unwrap(result, metadata);
  }
}

function unwrap(result: Result, metadata: ArgumentMetadata): unknown {
  if (result.issues === undefined) return result.value;
  throw refusalOf(result.issues, metadata);
}

/** What a schema finds wrong, as the caller is told: every wrong value, up to 20. */
export function refusalOf(issues: readonly Issue[], metadata: ArgumentMetadata): ValidationFailedError {
  const named = issues.slice(0, MAX_ISSUES).flatMap((issue) => toIssues(issue, metadata));
  return new ValidationFailedError(named.slice(0, MAX_ISSUES));
}

/** All our bodies are objects; said in words that name the body, which has no path of its own. */
function refuseNoObject(body: unknown): void {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return;
  throw new ValidationFailedError([
    { path: 'body', message: body === undefined ? 'is required, as a JSON object' : 'must be a JSON object' },
  ]);
}

function toIssues(issue: Issue, metadata: ArgumentMetadata): ValidationIssue[] {
  const segments = (issue.path ?? []).map((segment) => String(typeof segment === 'object' ? segment.key : segment));
  const path = metadata.data === undefined ? segments : [metadata.data, ...segments];
  const unknownFields = unknownFieldsOf(issue);
  if (unknownFields.length > 0) {
    const message = `is not a ${metadata.type === 'query' ? 'parameter' : 'field'} of this call`;
    return unknownFields.map((field) => ({ path: join([...path, field]) || metadata.type, message }));
  }
  return [{ path: join(path) || metadata.type, message: issue.message }];
}

/** zod reports all unknown fields of an object as one issue of the object; each gets an entry of its own here. */
function unknownFieldsOf(issue: Issue): string[] {
  return 'code' in issue && issue.code === 'unrecognized_keys' && 'keys' in issue && Array.isArray(issue.keys)
    ? issue.keys.slice(0, MAX_ISSUES).map(String)
    : [];
}

function join(path: string[]): string {
  return path.join('.').slice(0, MAX_PATH_LENGTH);
}
