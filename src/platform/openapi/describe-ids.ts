import type { OpenAPIObject } from '@nestjs/swagger';
import { operationsOf } from './operations.js';

/** By the name of a parameter: an id that is there in the test data, so that the call can be tried as it is described. */
export type ExampleIds = Readonly<Record<string, number>>;

/** Gives every parameter that is an id its example. */
export function describeIds(document: OpenAPIObject, ids: ExampleIds): void {
  for (const { operation } of operationsOf(document)) {
    for (const parameter of operation.parameters ?? []) {
      if (!('schema' in parameter) || parameter.schema === undefined) continue;
      const id = ids[parameter.name];
      if (id !== undefined) Object.assign(parameter.schema, { examples: [id] });
    }
  }
}

/** The path of a call with these ids in it. */
export function examplePath(path: string, ids: ExampleIds): string {
  return path.replace(/\{(\w+)\}/g, (_whole, name: string) => String(ids[name] ?? 1));
}
