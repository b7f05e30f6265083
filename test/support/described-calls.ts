import { OpenApiDocument, type Operation, type Schema } from './openapi-document.js';

/** A call as the OpenAPI document describes it. */
export interface DescribedCall {
  /** `POST /api/coupons/{couponId}/reserve`. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  /** `user`, or the role of operators, or undefined for a call that answers everybody. */
  readonly needs: string | undefined;
  /** Where it names a user. */
  readonly userIn: ReadonlyArray<'path' | 'query' | 'body'>;
  readonly hasBody: boolean;
  /** Of its body in JSON; undefined where it has none. */
  readonly example: Readonly<Record<string, unknown>> | undefined;
}

/** Every call of the OpenAPI document of an application: what a test asks of each, a new one cannot slip past. */
export async function describedCalls(url: string): Promise<DescribedCall[]> {
  const document = await OpenApiDocument.of(url);
  return document.operations.map(([call, operation]) => described(document, call, operation));
}

function described(document: OpenApiDocument, call: string, operation: Operation): DescribedCall {
  const { security = [], parameters = [], requestBody } = operation;
  const [method = '', path = ''] = call.split(' ');
  const named = requestBody?.content['application/json']?.schema;
  const schema = named === undefined ? undefined : document.resolve(named);
  const userIn = (['path', 'query'] as const).filter((place) =>
    parameters.some((parameter) => parameter.name === 'userId' && parameter.in === place),
  );
  const [scheme, roles = []] = Object.entries((security[0] ?? {}) as Record<string, string[]>)[0] ?? [];
  return {
    name: `${method.toUpperCase()} ${path}`,
    method: method.toUpperCase(),
    path,
    needs: scheme === 'operator' ? roles[0] : scheme,
    userIn: [...userIn, ...(schema !== undefined && hasUser(document, schema) ? (['body'] as const) : [])],
    hasBody: requestBody !== undefined,
    example: schema?.example as DescribedCall['example'],
  };
}

function hasUser(document: OpenApiDocument, schema: Schema): boolean {
  const { properties = {}, allOf = [], anyOf = [] } = document.resolve(schema);
  return 'userId' in properties || [...allOf, ...anyOf].some((part) => hasUser(document, part));
}
