import { beforeAll, describe, expect, it } from '@jest/globals';
import { type AppProcess, startApp } from '../support/app-process.js';

/** A query that a call does not know is refused, whether the call takes a query or none. */

const STRICT = /^\/(?:api|coupons)\//;
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const ADMIN = { authorization: 'Bearer local-admin' };
const REFUSED = { path: 'nonsense', message: 'is not a parameter of this call' };

interface Content {
  readonly example?: unknown;
  readonly schema: { readonly $ref?: string; readonly example?: unknown };
}

interface Document {
  readonly paths: Record<
    string,
    Record<string, { readonly requestBody?: { readonly content: Record<string, Content> } }>
  >;
  readonly components: { readonly schemas: Record<string, { readonly example?: unknown }> };
}

interface Problem {
  readonly code: string;
  readonly errors: ReadonlyArray<{ path: string; message: string }>;
}

let app: AppProcess;
let document: Document;

beforeAll(async () => {
  app = await startApp({ waitFor: '/health/ready' });
  document = JSON.parse(await (await fetch(`${app.url}/docs-json`)).text());
});

interface Asked {
  readonly method?: string;
  readonly body?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

async function problemOf(path: string, { method = 'GET', body = null, headers }: Asked = {}): Promise<Problem> {
  const response = await fetch(app.url + path, { method, body, headers: { ...ADMIN, ...headers } });
  expect({ path, method, status: response.status }).toMatchObject({ status: 400 });
  return JSON.parse(await response.text());
}

/** What the document shows as a body that the call takes. */
function exampleOf({ example, schema }: Content): unknown {
  const named = document.components.schemas[schema.$ref?.split('/').at(-1) ?? ''];
  return example ?? schema.example ?? named?.example;
}

it('is refused by every call that the OpenAPI document has', async () => {
  const calls = Object.entries(document.paths)
    .filter(([path]) => STRICT.test(path))
    .flatMap(([path, operations]) =>
      METHODS.flatMap((method) => (operations[method] === undefined ? [] : [{ path, method, ...operations[method] }])),
    );
  expect(calls.length).toBeGreaterThan(30);

  for (const { path, method, requestBody } of calls) {
    const [[type, content] = []] = Object.entries(requestBody?.content ?? {});
    const body = content === undefined ? undefined : JSON.stringify(exampleOf(content));
    const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
    const asked = `${path.replaceAll(/\{\w+\}/g, '1')}?nonsense=1`;
    const { code, errors } = await problemOf(asked, { method: method.toUpperCase(), body: body ?? null, headers });
    expect({ asked, method, code, errors }).toMatchObject({
      code: 'VALIDATION_FAILED',
      errors: expect.arrayContaining([REFUSED]),
    });
  }
});

describe.each([
  ['takes none', '/api/coupons/1'],
  ['takes one', '/api/coupons'],
])('of a call that %s', (_what, path) => {
  it.each([
    ['one without a value', 'nonsense', ['nonsense']],
    ['one that is escaped', '%6eonsense=1', ['nonsense']],
    ['one that comes twice', 'nonsense=1&nonsense=2', ['nonsense']],
    ['several', 'a=1&b=2', ['a', 'b']],
    ['one without a name', '=1', ['query']],
    ['one that every object has', '__proto__=1&constructor=2', ['__proto__', 'constructor']],
    ['one with brackets', 'limit[]=1', ['limit[]']],
  ])('%s is named', async (_which, query, paths) => {
    const { errors } = await problemOf(`${path}?${query}`);
    expect(errors.map((error) => error.path)).toEqual(paths);
  });

  it.each(['?', '?&', '?&&'])('%s has none', async (query) => {
    expect((await fetch(`${app.url}${path}${query}`)).status).not.toBe(400);
  });

  it('a head is refused as well', async () => {
    expect((await fetch(`${app.url}${path}?nonsense=1`, { method: 'HEAD' })).status).toBe(400);
  });
});

it('is refused when a parameter that is known comes twice', async () => {
  const { errors } = await problemOf('/api/coupons?limit=1&limit=2');
  expect(errors.map(({ path }) => path)).toEqual(['limit']);
});

it('is not looked at before it is known that the caller may call', async () => {
  const response = await fetch(`${app.url}/api/coupons/1/audit?nonsense=1`);
  expect(response.status).toBe(401);
});

it('is nobody else’s business: not of probes, pages and metrics', async () => {
  for (const path of ['/health/live', '/health/ready', '/dashboard', '/docs', '/docs-json', '/metrics']) {
    expect([path, (await fetch(`${app.url}${path}?nonsense=1`)).status]).toEqual([path, 200]);
  }
});
