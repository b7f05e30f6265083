/** The calls of the API, as /docs-json describes them with its examples, and those of the campaign RPC. */

/**
 * A call as its documentation makes it. `segments` of the path; those that are ids are named in `ids`, by their index.
 * @typedef {{ method: string, segments: string[], ids: number[], query: Array<[string, string]>, isAdmin: boolean,
 *   headers: Array<[string, string]>, body: unknown, isRpc: boolean }} Call
 */

/**
 * @typedef {{ name: string, in: string, example?: unknown, schema?: Schema }} Parameter
 * @typedef {{ example?: unknown, examples?: unknown[], $ref?: string, type?: string }} Schema
 * @typedef {{ parameters?: Parameter[], security?: object[],
 *   requestBody?: { content: Record<string, { example?: unknown, schema?: Schema }> } }} Operation
 * @typedef {{ paths: Record<string, Record<string, Operation>>, components?: { schemas?: Record<string, Schema> } }} Description
 */

const METHODS = new Set(['get', 'post', 'put', 'patch', 'delete']);

/** What the seeder makes: ids that are there, where an example names one that is not. */
const SEEDED = [1, 2, 3, 1000, 1001];

const RPC = 'coupon.v1.CouponService';
/** @type {Record<string, object>} */
const RPC_CALLS = {
  CreateCampaign: { name: 'Noon drop', couponLimit: 2, startTime: '2026-11-20T12:00:00+09:00' },
  IssueCoupon: { campaignId: 1, userId: 1001 },
  GetCampaign: { campaignId: 1 },
};

/** Pages, probes and calls that no document describes. */
const OTHER_PATHS = ['', 'docs', 'docs-json', 'health/live', 'health/ready', 'metrics', 'dashboard', 'nothing/here'];

/** @param {Description} description @returns {Call[]} */
export function learnCalls(description) {
  const described = Object.entries(description.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => METHODS.has(method))
      .map(([method, operation]) => describedCall(description, path, method, operation)),
  );
  if (described.length === 0) throw new Error('/docs-json describes no calls');
  const rpc = Object.entries(RPC_CALLS).map(([name, body]) => ({ ...call('POST', [RPC, name]), body, isRpc: true }));
  return [...described, ...rpc, ...OTHER_PATHS.map((path) => call('GET', path.split('/')))];
}

/** @type {(description: Description, path: string, method: string, operation: Operation) => Call} */
function describedCall(description, path, method, operation) {
  const { parameters = [], requestBody, security = [] } = operation;
  const names = path.split('/').slice(1);
  const content = requestBody?.content['application/json'];
  return {
    ...call(
      method.toUpperCase(),
      names.map((name) => (isId(name) ? valueOf(name.slice(1, -1), parameters) : name)),
    ),
    ids: names.flatMap((name, index) => (isId(name) ? [index] : [])),
    query: parameters.filter((each) => each.in === 'query').map(({ name }) => [name, valueOf(name, parameters)]),
    isAdmin: security.length > 0,
    body: content && (content.example ?? exampleOf(content.schema, description) ?? {}),
  };
}

/** @type {(method: string, segments: string[]) => Call} */
function call(method, segments) {
  return { method, segments, ids: [], query: [], isAdmin: false, headers: [], body: undefined, isRpc: false };
}

/** @param {string} segment */
function isId(segment) {
  return segment.startsWith('{');
}

/** @type {(name: string, parameters: Parameter[]) => string} */
function valueOf(name, parameters) {
  const { example, schema } = parameters.find((parameter) => parameter.name === name) ?? {};
  const given = example ?? schema?.example ?? schema?.examples?.[0];
  const value = given ?? SEEDED[name.length % SEEDED.length];
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** @type {(schema: Schema | undefined, description: Description) => unknown} */
function exampleOf(schema, description) {
  const name = schema?.$ref?.split('/').at(-1);
  const { example, examples } = (name === undefined ? schema : description.components?.schemas?.[name]) ?? {};
  return example ?? examples?.[0];
}
