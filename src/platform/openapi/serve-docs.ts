import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { z } from 'zod';
import { PROBLEM_CATALOG, type ProblemCatalog } from '../errors/problem-catalog.js';
import { PreparedAnswer } from '../http/prepared-answer.js';
import { describeIds, type ExampleIds } from './describe-ids.js';
import { describeProblems } from './describe-problems.js';
import { describeSecurity } from './describe-security.js';
import { nameSchemas } from './name-schemas.js';
import { toOpenApi } from './schema-converter.js';

const CONVENTIONS =
  'Errors are `application/problem+json`; decide by `code`. Times are ISO 8601 with offset, ids are JSON numbers.';

const USER_CREDENTIAL =
  'With identity.mode "required": the token of the user whom the call names, or of a service with the scope that the call ' +
  'needs. With "trusted-callers" nobody looks at it.';
const OPERATOR_CREDENTIAL =
  'A key of admin.keys, ADMIN_TOKEN, or a token with the role that the call names or one above it.';

/** What the application says of itself at the head of its documentation, each in a sentence. */
export interface Introduction {
  readonly purpose: string;
  /** What it serves besides the calls that are described there. */
  readonly otherApis: string;
  /** What the calls are about, by the tags that they have. */
  readonly tags: Readonly<Record<string, string>>;
  readonly exampleIds: ExampleIds;
}

/** `/docs` (Swagger UI) and `/docs-json` (OpenAPI 3.1), built when first asked for. */
export function serveDocs(app: NestFastifyApplication, introduction: Introduction): void {
  const document = once(() => createDocument(app, introduction));
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

function createDocument(app: NestFastifyApplication, introduction: Introduction): OpenAPIObject {
  const { purpose, otherApis, tags, exampleIds } = introduction;
  const builder = new DocumentBuilder()
    .setTitle('firstcome')
    .setDescription(`${purpose} ${CONVENTIONS} ${otherApis}`)
    .setVersion('1')
    .setLicense('MIT', 'https://spdx.org/licenses/MIT.html')
    // Where the document itself comes from, whatever stands in front of the application.
    .addServer('/', 'The server that this document is from')
    .setOpenAPIVersion('3.1.0')
    .addSecurity('user', { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: USER_CREDENTIAL })
    .addSecurity('operator', { type: 'http', scheme: 'bearer', description: OPERATOR_CREDENTIAL });
  for (const [tag, about] of Object.entries(tags)) builder.addTag(tag, about);
  const document = SwaggerModule.createDocument(app, builder.build(), {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
    standardSchemaConverter: (schema, { schemaType }) =>
      schema instanceof z.ZodType ? { schema: toOpenApi(schema, schemaType) } : undefined,
  });
  describeSecurity(document);
  nameSchemas(document);
  describeIds(document, exampleIds);
  describeProblems(document, app.get<ProblemCatalog>(PROBLEM_CATALOG), exampleIds);
  return document;
}
