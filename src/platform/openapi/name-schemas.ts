import type { OpenAPIObject } from '@nestjs/swagger';

/** Where zod puts the schemas that have an `id`, and where OpenAPI has them. */
const IN_SCHEMA = '#/$defs/';
const IN_DOCUMENT = '#/components/schemas/';
const DEFINITIONS = '$defs';

type Json = Record<string, unknown>;

/**
 * Moves the schemas that have a name to the components, so that what is generated from the document has types of these names.
 *
 * @throws Error when two schemas have the same name: one of them would describe what the other one is
 */
export function nameSchemas(document: OpenAPIObject): void {
  const named = new Map<string, unknown>();
  const paths = moveDefinitions(document.paths, named);
  const schemas = Object.fromEntries([...named].toSorted(([one], [other]) => (one < other ? -1 : 1)));
  document.paths = paths as OpenAPIObject['paths'];
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, ...(schemas as NonNullable<typeof document.components>['schemas']) },
  };
}

/** The same without definitions, which are in `named` then. */
function moveDefinitions(value: unknown, named: Map<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((item) => moveDefinitions(item, named));
  if (!isObject(value)) return value;
  const { [DEFINITIONS]: definitions, ...rest } = value;
  for (const [name, schema] of Object.entries(isObject(definitions) ? definitions : {})) {
    const moved = moveDefinitions(schema, named);
    if (named.has(name) && JSON.stringify(named.get(name)) !== JSON.stringify(moved))
      throw new Error(`Two schemas have the name ${name}`);
    named.set(name, moved);
  }
  return Object.fromEntries(
    Object.entries(rest).map(([key, item]) => [key, referring(key, moveDefinitions(item, named))]),
  );
}

function referring(key: string, value: unknown): unknown {
  const isReference = key === '$ref' && typeof value === 'string' && value.startsWith(IN_SCHEMA);
  return isReference ? IN_DOCUMENT + value.slice(IN_SCHEMA.length) : value;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
