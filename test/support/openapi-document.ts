import { expect } from '@jest/globals';
import { startApp } from './app-process.js';

export interface Schema {
  /** Of a schema that has a name. */
  readonly $ref?: string;
  readonly example?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: object;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
}

interface Content {
  readonly schema: Schema;
  readonly examples?: object;
}

export interface Operation {
  readonly operationId?: string;
  readonly parameters?: ReadonlyArray<{ name: string; in: string; required?: boolean; schema: Schema }>;
  readonly summary?: string;
  readonly description?: string;
  readonly security?: object[];
  readonly requestBody?: { readonly content: Record<string, Content> };
  readonly responses: Record<string, { readonly content?: Record<string, Content>; readonly headers?: object }>;
}

const EVERY = 'VALIDATION_FAILED RATE_LIMITED INTERNAL_ERROR DATABASE_UNAVAILABLE';
/** The codes of a call with a body. */
export const BODY = 'MALFORMED_JSON BODY_TOO_LARGE UNSUPPORTED_MEDIA_TYPE';
/** Marks a call of operators; it has the codes of {@link CREDENTIAL}, as the calls about a user have. */
export const ADMIN = 'UNAUTHENTICATED';
const CREDENTIAL = 'UNAUTHENTICATED FORBIDDEN IDENTITY_UNAVAILABLE';

/** A call (`get /api/coupons`), its successes, and its errors besides those of every call, each parted by spaces. */
export type DescribedCall = [call: string, statuses: string, codes: string];

const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');

/** The OpenAPI document of the application. */
export class OpenApiDocument {
  private constructor(
    /** As it came. */
    readonly text: string,
    private readonly paths: Record<string, Record<string, Operation>>,
    private readonly schemas: Record<string, Schema>,
  ) {}

  static async fetch(): Promise<OpenApiDocument> {
    return await OpenApiDocument.of((await startApp()).url);
  }

  /** Of an application that runs. */
  static async of(url: string): Promise<OpenApiDocument> {
    const text = await (await fetch(`${url}/docs-json`)).text();
    const document: {
      paths: Record<string, Record<string, Operation>>;
      components: { schemas: Record<string, Schema> };
    } = JSON.parse(text);
    return new OpenApiDocument(text, document.paths, document.components.schemas);
  }

  /** Every call by its name, `get /api/coupons`. */
  get operations(): Array<[call: string, operation: Operation]> {
    return Object.entries(this.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]): [string, Operation] => [`${method} ${path}`, operation]),
    );
  }

  /** The schema itself, also where only its name stands. */
  resolve(schema: Schema): Schema {
    return schema.$ref === undefined ? schema : (this.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {});
  }

  /** Asserts that the call says what it is for, what it takes and answers with examples, and exactly these codes. */
  expectDescribed(call: string, statuses: string, codes: string): void {
    const [method = '', path = ''] = words(call);
    const operation = this.paths[path]?.[method];
    expect(operation?.summary).toMatch(/\w/);
    expect(operation?.description).toMatch(/\w/);
    const [credential] = operation?.security ?? [undefined];
    expect(operation?.security).toBeDefined();
    expect(credential !== undefined && 'operator' in credential).toBe(codes.includes(ADMIN));
    const ofCredential = credential === undefined ? '' : CREDENTIAL;
    expect(Object.keys(operation?.requestBody?.content ?? {})).toEqual(
      codes.includes(BODY) ? ['application/json'] : [],
    );
    for (const { schema } of Object.values(operation?.requestBody?.content ?? {}))
      expect(this.resolve(schema).example).toBeDefined();

    const responses = Object.entries(operation?.responses ?? {});
    const answers = responses.filter(([status]) => Number(status) < 400);
    expect(answers.map(([status]) => status)).toEqual(words(statuses));
    for (const [status, { content }] of answers) {
      if (status === '204') continue;
      const schema = this.resolve(content?.['application/json']?.schema ?? {});
      expect(Object.keys(schema.properties ?? {})).toEqual(expect.arrayContaining(Object.keys(Object(schema.example))));
      expect(schema.example).toBeDefined();
    }
    const documented = responses.flatMap(([, { content }]) =>
      Object.keys(content?.['application/problem+json']?.examples ?? {}),
    );
    expect(documented.sort()).toEqual([...new Set(words(`${EVERY} ${ofCredential} ${codes}`))].sort());
  }
}
