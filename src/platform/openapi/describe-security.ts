import type { OpenAPIObject } from '@nestjs/swagger';
import { operationsOf } from './operations.js';

/** Says of every call what it needs, also where that is nothing: what says nothing reads as forgotten. */
export function describeSecurity(document: OpenAPIObject): void {
  for (const { operation } of operationsOf(document)) operation.security ??= [];
}
