/** What is done to a request, each by itself and in any order: the same draft and the same random numbers, the same request. */
import { gzipSync } from 'node:zlib';
import { HEADERS, ID_TEXTS, JSON_VALUES, METHODS, NAMES, RAW_JSON } from './values.mjs';
import { bodyOf } from './request.mjs';

/** @import { Draft } from './request.mjs' */
/** @import { Random } from './random.mjs' */

/** @typedef {(draft: Draft, random: Random) => void} Mutation */

/** What stands in a field until its text is replaced by what JSON.stringify would never write. */
const MARK = '"@mark@"';
const BODY_LIMIT = 65_536;

/** @type {Record<string, Mutation>} */
export const MUTATIONS = {
  id(draft, random) {
    if (draft.ids.length > 0) draft.segments[random.pick(draft.ids)] = random.pick(ID_TEXTS);
  },
  otherId(draft, random) {
    if (draft.ids.length > 0)
      draft.segments[random.pick(draft.ids)] = String(random.pick([1, 2, 3, 7, 1000, 1001, 4_000_000]));
  },
  segment(draft, random) {
    const at = random.below(draft.segments.length + 1);
    draft.segments.splice(at, random.below(2), ...(random.chance(0.7) ? [random.pick(ID_TEXTS)] : []));
  },
  longPath(draft, random) {
    draft.segments.push(random.pick(['a', '%41', '../', '//', ';']).repeat(random.pick([100, 2_000, 8_000, 20_000])));
  },
  queryValue(draft, random) {
    const at = random.below(Math.max(draft.query.length, 1));
    const name = draft.query[at]?.split('=')[0] ?? 'limit';
    draft.query[at] =
      `${name}=${random.pick([...ID_TEXTS, 'AVAILABLE', '2026-02-30', 'WyJhIl0', 'W10', 'bnVsbA', 'e30'])}`;
  },
  unknownQuery(draft, random) {
    draft.query.push(
      `${encodeURIComponent(random.pick(NAMES))}${random.pick(['', '=', '=1', '=%00', '[]=1', '[a]=1'])}`,
    );
  },
  repeatedQuery(draft, random) {
    draft.query.push(...Array.from({ length: random.pick([1, 2, 500]) }, () => draft.query[0] ?? 'limit=1'));
  },
  queryMess(draft, random) {
    draft.query.push(
      random.pick(['&&&', '=', '%', '%00', '?', '#', '+', 'a=%ff', 'limit=1;limit=2', `a=${'b'.repeat(9_000)}`]),
    );
  },
  field(draft, random) {
    change(draft, random, () => jsonValue(random));
  },
  rawField(draft, random) {
    const text = random.pick(RAW_JSON);
    if (change(draft, random, () => JSON.parse(MARK))) draft.raw = Buffer.from(textOf(draft).replace(MARK, text));
  },
  missingField(draft, random) {
    change(draft, random, () => undefined);
  },
  addedField(draft, random) {
    if (!isObject(draft.json)) return;
    const name = random.pick(NAMES);
    Object.defineProperty(draft.json, name, {
      value: jsonValue(random),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  },
  duplicatedKey(draft) {
    const text = textOf(draft);
    if (text.startsWith('{"')) draft.raw = Buffer.from(`{${text.slice(1, -1)},${text.slice(1)}`);
  },
  otherBody(draft, random) {
    draft.json = jsonValue(random);
    if (random.chance(0.3)) draft.raw = Buffer.from(random.pick(RAW_JSON));
  },
  deepBody(draft, random) {
    const depth = random.pick([10, 1_000, 10_000, 30_000]);
    const [open, close] = random.pick([
      ['[', ']'],
      ['{"a":', '}'],
      ['[', ''],
      ['{"userId":', ''],
    ]);
    draft.raw = Buffer.from(open.repeat(depth / 2) + (close === '}' ? '1' : '') + close.repeat(depth / 2));
  },
  largeBody(draft, random) {
    const size = BODY_LIMIT + random.pick([-1, 0, 1, 1_000, 500_000]);
    draft.raw = Buffer.from(random.chance(0.5) ? `"${'a'.repeat(size - 2)}"` : ' '.repeat(size));
  },
  truncatedBody(draft, random) {
    const text = bodyOf(draft);
    draft.raw = text.subarray(0, random.below(text.length + 1));
  },
  bytesInBody(draft, random) {
    const text = bodyOf(draft);
    const bytes = random.pick([
      [0xff],
      [0xc0, 0x80],
      [0xed, 0xa0, 0x80],
      [0xef, 0xbb, 0xbf],
      [0],
      [0x80],
      [0xf5, 0x80, 0x80, 0x80],
      [0xe2, 0x80, 0xa8],
    ]);
    const at = random.below(text.length + 1);
    draft.raw = Buffer.concat([text.subarray(0, at), Buffer.from(bytes), text.subarray(at)]);
  },
  gzippedBody(draft, random) {
    const bomb = random.chance(0.3) ? Buffer.alloc(5_000_000, 0x20) : bodyOf(draft);
    draft.raw = gzipSync(bomb);
    draft.headers.push(['Content-Encoding', random.pick(['gzip', 'deflate', 'br'])]);
  },
  bodyWhereNoneBelongs(draft, random) {
    draft.raw = Buffer.from(random.pick(['{}', 'x', '{"userId":1000}', '']));
    if (random.chance(0.7)) draft.headers.push(['Content-Type', 'application/json']);
  },
  header(draft, random) {
    const name = random.pick(Object.keys(HEADERS));
    setHeader(draft, name, random.pick(HEADERS[name] ?? ['']), random.chance(0.85));
    if (name !== 'Upgrade') return;
    draft.headers.push(['Connection', 'upgrade']);
    // Node.js 20 loses what comes in one piece with it, and a client has to wait for the answer anyway.
    draft.isFramed = false;
  },
  noHeader(draft, random) {
    draft.headers.splice(random.below(draft.headers.length), 1);
  },
  repeatedHeader(draft, random) {
    const header = random.pick(
      draft.headers.length > 0 ? draft.headers : [/** @type {[string, string]} */ (['A', 'b'])],
    );
    draft.headers.push(...Array.from({ length: random.pick([1, 2, 300]) }, () => header));
  },
  oddHeader(draft, random) {
    draft.headers.push([
      random.pick(['', ' A', 'A ', 'a b', '__proto__', 'constructor', '\u00e9', 'A(', ':', 'X\u0000']),
      random.pick(['', '1', '\u0000', '\u007f', ' ']),
    ]);
    draft.isFramed = false;
  },
  largeHeader(draft, random) {
    draft.headers.push(['X-Large', 'a'.repeat(random.pick([4_000, 15_000, 17_000, 100_000]))]);
  },
  method(draft, random) {
    draft.method = random.pick(METHODS);
    if (!/^[A-Z]+$/.test(draft.method) || draft.method === 'CONNECT') draft.isFramed = false;
  },
  version(draft, random) {
    draft.version = random.pick([
      'HTTP/1.0',
      'HTTP/0.9',
      'HTTP/2.0',
      'HTTP/1.2',
      'HTTP/9.9',
      'http/1.1',
      'HTTP/1.1 ',
      'HTTP/',
      '',
      'RTSP/1.0',
    ]);
    draft.isFramed = false;
  },
  chunks(draft) {
    draft.isChunked = true;
  },
  lyingLength(draft, random) {
    const { length } = bodyOf(draft);
    draft.contentLength = random.pick([
      String(length + 10),
      String(Math.max(length - 3, 0)),
      '-1',
      '1e3',
      '0x10',
      '+5',
      '',
      '99999999999999999999',
      `${length}, ${length}`,
      `${length} `,
    ]);
    draft.isFramed = false;
  },
  twoLengths(draft, random) {
    draft.headers.push(
      random.pick([
        ['Content-Length', '0'],
        ['Transfer-Encoding', 'chunked'],
        ['Transfer-Encoding', 'gzip, chunked'],
        ['Transfer-Encoding', 'identity'],
        ['Transfer-Encoding', 'chunked, identity'],
        ['transfer-encoding', ' chunked'],
      ]),
    );
    draft.isFramed = false;
  },
  chunkMess(draft, random) {
    draft.contentLength = null;
    draft.headers.push(['Transfer-Encoding', 'chunked']);
    const body = textOf(draft);
    draft.raw = Buffer.from(
      random.pick([
        'zz\r\n',
        '-1\r\n',
        'ffffffffffffffffff\r\n',
        '5\r\nab',
        '2\nab\n0\n\n',
        `1;${'a'.repeat(20_000)}\r\na\r\n0\r\n\r\n`,
        `${body.length.toString(16)}\r\n${body}\r\n`,
        `0\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
        '2\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n',
      ]),
    );
    draft.isFramed = false;
  },
  pipelining(draft, random) {
    draft.copies = 1 + random.below(8);
  },
  pieces(draft, random) {
    draft.pieces = 2 + random.below(10);
  },
  hangUp(draft, random) {
    draft.cutAt = random.next();
  },
};

/** Which of them are rarer, since the server has to wait for what never comes, or much has to be sent. */
const RARE = new Set([
  'lyingLength',
  'chunkMess',
  'twoLengths',
  'largeBody',
  'longPath',
  'gzippedBody',
  'repeatedHeader',
  'version',
]);
const COMMON = Object.keys(MUTATIONS).filter((name) => !RARE.has(name));

/** The name of one, the usual ones more often. @param {Random} random */
export function drawMutation(random) {
  return random.pick(random.chance(0.04) ? [...RARE] : COMMON);
}

/** Of its own, since a later step may change what is inside. @param {Random} random @returns {unknown} */
function jsonValue(random) {
  return structuredClone(random.pick(JSON_VALUES));
}

/** Puts something else into one place of the body; whether there was a place. @type {(draft: Draft, random: Random, value: () => unknown) => boolean} */
function change(draft, random, value) {
  const places = placesOf(draft.json);
  if (places.length === 0) return false;
  const { holder, name } = random.pick(places);
  holder[name] = value();
  return true;
}

/** @typedef {{ holder: Record<string, unknown>, name: string }} Place */

/** @param {unknown} json @returns {Place[]} */
function placesOf(json) {
  if (!isObject(json)) return [];
  return Object.keys(json).flatMap((name) => [{ holder: json, name }, ...placesOf(json[name])]);
}

/** @type {(value: unknown) => value is Record<string, unknown>} */
function isObject(value) {
  return typeof value === 'object' && value !== null;
}

/** @param {Draft} draft */
function textOf(draft) {
  return bodyOf(draft).toString();
}

/** @type {(draft: Draft, name: string, value: string, replaces: boolean) => void} */
function setHeader(draft, name, value, replaces) {
  if (replaces) draft.headers = draft.headers.filter(([other]) => other !== name);
  draft.headers.push([name, value]);
}
