interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly example?: unknown;
}

interface Content {
  readonly schema?: Schema;
  readonly example?: unknown;
}

interface Operation {
  readonly security?: ReadonlyArray<Readonly<Record<string, readonly string[]>>>;
  readonly parameters?: ReadonlyArray<{ readonly name: string; readonly in: string }>;
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: unknown;
}

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
  const document = (await (await fetch(`${url}/docs-json`)).json()) as Document;
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => described(document, path, method.toUpperCase(), operation)),
  );
}

function described(document: Document, path: string, method: string, operation: Operation): DescribedCall {
  const { security = [], parameters = [], requestBody } = operation;
  const content = requestBody?.content['application/json'];
  const schema = content?.schema;
  const userIn = (['path', 'query'] as const).filter((place) =>
    parameters.some((parameter) => parameter.name === 'userId' && parameter.in === place),
  );
  const [needed] = security;
  const [scheme, roles = []] = Object.entries(needed ?? {})[0] ?? [];
  return {
    name: `${method} ${path}`,
    method,
    path,
    needs: scheme === 'operator' ? roles[0] : scheme,
    userIn: [...userIn, ...(schema !== undefined && hasUser(document, schema) ? (['body'] as const) : [])],
    hasBody: requestBody !== undefined,
    example: exampleOf(document, content),
  };
}

function hasUser(document: Document, schema: Schema): boolean {
  const { properties = {}, allOf = [], anyOf = [] } = resolved(document, schema);
  return 'userId' in properties || [...allOf, ...anyOf].some((part) => hasUser(document, part));
}

function exampleOf(document: Document, content: Content | undefined): DescribedCall['example'] {
  if (content === undefined) return undefined;
  return (content.example ?? resolved(document, content.schema ?? {}).example) as DescribedCall['example'];
}

function resolved(document: Document, schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  const path = schema.$ref.replace(/^#\//, '').split('/');
  const found = path.reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], document);
  return resolved(document, found as Schema);
}
