import { z } from 'zod';

/** Turns zod schemas into JSON Schema for OpenAPI 3.1; Nest's own aims at 3.0 and stops at what JSON lacks: a Date. */
export function toOpenApi(schema: z.ZodType, io: 'input' | 'output'): unknown {
  const { $schema: _, ...converted } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema instanceof z.ZodDate) Object.assign(jsonSchema, { type: 'string', format: 'date-time' });
      // The format says it, and nobody reads a calendar in a regular expression; of a number in a URL, its bounds do.
      if (jsonSchema.format === 'date-time' || jsonSchema.type === 'integer') delete jsonSchema.pattern;
    },
  });
  return converted;
}
