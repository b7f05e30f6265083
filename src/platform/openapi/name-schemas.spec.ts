import { describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';
import { nameSchemas } from './name-schemas.js';
import { toOpenApi } from './schema-converter.js';

function documentOf(...schemas: z.ZodType[]): OpenAPIObject {
  const paths = schemas.map((schema, index) => [
    `/${index}`,
    {
      get: {
        responses: {
          200: { description: '', content: { 'application/json': { schema: toOpenApi(schema, 'output') } } },
        },
      },
    },
  ]);
  return { openapi: '3.1.0', info: { title: '', version: '' }, paths: Object.fromEntries(paths) };
}

const tea = () => z.object({ leaves: z.int() }).meta({ id: 'Tea', example: { leaves: 3 } });

describe('nameSchemas', () => {
  it('has each schema with a name once, also those inside of another one', () => {
    const one = tea();
    const document = documentOf(one, z.object({ teas: z.array(one) }).meta({ id: 'TeaList' }), one);
    nameSchemas(document);
    const { schemas } = JSON.parse(JSON.stringify(document.components));
    expect(Object.keys(schemas)).toEqual(['Tea', 'TeaList']);
    expect(schemas.Tea).toMatchObject({ properties: { leaves: { type: 'integer' } }, example: { leaves: 3 } });
    expect(schemas.TeaList.properties.teas.items).toEqual({ $ref: '#/components/schemas/Tea' });
    const text = JSON.stringify(document);
    expect(text).not.toContain('$defs');
    expect(text.match(/"schema":\{"\$ref":"#\/components\/schemas\/Tea"\}/g)).toHaveLength(2);
  });

  it('leaves a schema without a name where it is', () => {
    const document = documentOf(z.object({ leaves: z.int() }));
    nameSchemas(document);
    expect(document.components?.schemas).toEqual({});
    expect(JSON.stringify(document.paths)).toContain('"leaves"');
  });

  it('refuses a name for two schemas, and takes it for two that are the same', () => {
    expect(() => nameSchemas(documentOf(tea(), tea()))).not.toThrow();
    const other = z.object({ bags: z.int() }).meta({ id: 'Tea' });
    expect(() => nameSchemas(documentOf(tea(), other))).toThrow('Two schemas have the name Tea');
  });
});
