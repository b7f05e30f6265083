import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { z } from 'zod';
import { PROBLEM_CATALOG, type ProblemCatalog } from '../errors/problem-catalog.js';
import { PreparedAnswer } from '../http/prepared-answer.js';
import { describeProblems } from './describe-problems.js';
import { toOpenApi } from './schema-converter.js';

const CONVENTIONS =
  'Errors are `application/problem+json`; decide by `code`. Times are ISO 8601 with offset, ids are JSON numbers.';

/** `/docs` (Swagger UI) and `/docs-json` (OpenAPI 3.1), built when first asked for. */
export function serveDocs(app: NestFastifyApplication, purpose: string): void {
  const document = once(() => createDocument(app, purpose));
  SwaggerModule.setup('docs', app, document, { raw: false, customSiteTitle: 'firstcome API' });
  // Not by Nest, which would write 200 kB anew for each caller.
  const answer = once(() => new PreparedAnswer(JSON.stringify(document()), 'application/json; charset=utf-8'));
  const fastify = app.getHttpAdapter().getInstance();
  fastify.get('/docs-json', (request, reply) => reply.send(answer().bodyFor(request, reply)));
}

function once<T extends object>(build: () => T): () => T {
  let built: T | undefined;
  return () => (built ??= build());
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
