/** A request before it is bytes: what the mutations change. */

/** @import { Call } from './calls.mjs' */

/**
 * `json` is the body unless `raw` is there. `isFramed`: it says itself where it ends, so each is answered. `cutAt`: the share of
 * its bytes after which the client hangs up. `copies`: how often it is sent in one go. `pieces`: how many writes it takes.
 * @typedef {{ method: string, segments: string[], ids: number[], query: string[], version: string,
 *   headers: Array<[string, string]>, json: unknown, raw: Buffer | undefined, isChunked: boolean, contentLength: string | null | undefined,
 *   isFramed: boolean, cutAt: number | undefined, copies: number, pieces: number, isRpc: boolean }} Draft
 */

/** @type {(call: Call, host: string, adminToken: string) => Draft} */
export function draftOf(call, host, adminToken) {
  return {
    method: call.method,
    segments: [...call.segments],
    ids: call.ids,
    query: call.query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`),
    version: 'HTTP/1.1',
    headers: [
      ['Host', host],
      ...(call.isAdmin || call.isRpc
        ? [/** @type {[string, string]} */ (['Authorization', `Bearer ${adminToken}`])]
        : []),
      ...(call.body === undefined ? [] : [/** @type {[string, string]} */ (['Content-Type', 'application/json'])]),
    ],
    json: structuredClone(call.body),
    raw: undefined,
    isChunked: false,
    contentLength: undefined,
    isFramed: true,
    cutAt: undefined,
    copies: 1,
    pieces: 1,
    isRpc: call.isRpc,
  };
}

/** The body as it is sent, unless it is chunked. @param {Draft} draft */
export function bodyOf({ json, raw }) {
  return raw ?? (json === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(json)));
}

/** All bytes of one copy. @param {Draft} draft */
export function bytesOf(draft) {
  const body = bodyOf(draft);
  const hasBody = body.length > 0 || !['GET', 'HEAD', 'DELETE'].includes(draft.method);
  const { contentLength = hasBody && !draft.isChunked ? String(body.length) : null } = draft;
  const headers = [...draft.headers];
  if (draft.isChunked) headers.push(['Transfer-Encoding', 'chunked']);
  if (contentLength !== null) headers.push(['Content-Length', contentLength]);
  const query = draft.query.length === 0 ? '' : `?${draft.query.join('&')}`;
  const head = [
    `${draft.method} /${draft.segments.join('/')}${query} ${draft.version}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    '',
    '',
  ].join('\r\n');
  // A byte for each character below 256: what is meant as UTF-8 is percent-encoded or comes as bytes already.
  return Buffer.concat([Buffer.from(head, 'latin1'), draft.isChunked ? chunked(body) : body]);
}

/** @param {Buffer} body */
function chunked(body) {
  const half = Math.ceil(body.length / 2);
  const chunks = [body.subarray(0, half), body.subarray(half)].filter(({ length }) => length > 0);
  const framed = chunks.flatMap((chunk) => [
    Buffer.from(`${chunk.length.toString(16)}\r\n`),
    chunk,
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...framed, Buffer.from('0\r\n\r\n')]);
}
