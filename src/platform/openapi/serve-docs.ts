import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { z } from 'zod';
import { PROBLEM_CATALOG, type ProblemCatalog } from '../errors/problem-catalog.js';
import { describeProblems } from './describe-problems.js';
import { toOpenApi } from './schema-converter.js';

const CONVENTIONS =
  'Errors are `application/problem+json`; decide by `code`. Times are ISO 8601 with offset, ids are JSON numbers.';

/** `/docs` (Swagger UI) and `/docs-json` (OpenAPI 3.1), built when first asked for. */
export function serveDocs(app: NestFastifyApplication, purpose: string): void {
  SwaggerModule.setup('docs', app, () => createDocument(app, purpose), {
    raw: ['json'],
    customSiteTitle: 'firstcome API',
  });
}

function createDocument(app: NestFastifyApplication, purpose: string): OpenAPIObject {
  const description = new DocumentBuilder()
    .setTitle('firstcome')
    .setDescription(`${purpose} ${CONVENTIONS}`)
    .setVersion('1')
    .setOpenAPIVersion('3.1.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'opaque', description: 'ADMIN_TOKEN' })
    .build();
  const document = SwaggerModule.createDocument(app, description, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
    standardSchemaConverter: (schema, { schemaType }) =>
      schema instanceof z.ZodType ? { schema: toOpenApi(schema, schemaType) } : undefined,
  });
  describeProblems(document, app.get<ProblemCatalog>(PROBLEM_CATALOG));
  return document;
}
