import { expect } from '@jest/globals';
import { startApp } from './app-process.js';

interface Content {
  readonly schema: { readonly example?: unknown; readonly properties?: object };
  readonly examples?: object;
}

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly security?: object[];
  readonly requestBody?: { readonly content: Record<string, Content> };
  readonly responses: Record<string, { readonly content?: Record<string, Content>; readonly headers?: object }>;
}

const EVERY = 'VALIDATION_FAILED INTERNAL_ERROR DATABASE_UNAVAILABLE';
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
  private constructor(private readonly paths: Record<string, Record<string, Operation>>) {}

  static async fetch(): Promise<OpenApiDocument> {
    const app = await startApp();
    const response = await fetch(`${app.url}/docs-json`);
    const document: { paths: Record<string, Record<string, Operation>> } = JSON.parse(await response.text());
    return new OpenApiDocument(document.paths);
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
    for (const { schema } of Object.values(operation?.requestBody?.content ?? {})) expect(schema.example).toBeDefined();

    const responses = Object.entries(operation?.responses ?? {});
    const answers = responses.filter(([status]) => Number(status) < 400);
    expect(answers.map(([status]) => status)).toEqual(words(statuses));
    for (const [status, { content }] of answers) {
      if (status === '204') continue;
      const { schema } = content?.['application/json'] ?? { schema: {} };
      expect(Object.keys(schema.properties ?? {})).toEqual(expect.arrayContaining(Object.keys(Object(schema.example))));
      expect(schema.example).toBeDefined();
    }
    const documented = responses.flatMap(([, { content }]) =>
      Object.keys(content?.['application/problem+json']?.examples ?? {}),
    );
    expect(documented.sort()).toEqual([...new Set(words(`${EVERY} ${ofCredential} ${codes}`))].sort());
  }
}
