/** What is put where something else belongs. */

/** In the place of an id, in a path or a query. */
// prettier-ignore
export const ID_TEXTS = [
  '0', '-1', '1e3', '1.5', '01', '+1', ' 1', '1 ', '0x1', '1_000', 'NaN', 'Infinity', 'null', 'true', '[]', '{}', '',
  '9007199254740991', '9007199254740992', '9007199254740993', '18446744073709551616', '2147483648', '1'.repeat(400),
  '%00', '1%00', '%', '%zz', '%2', '%31', '%2F', '%2e%2e', '..', '.', '%c0%80', '%ff', '%ed%a0%80', '%EF%BC%91',
  '%D9%A1', '%F0%9D%9F%8F', '%0d%0a', '1%0d%0aX:%201', '1;2', '1,2', "1'--", '1%20OR%201=1', '*', ':couponId',
  '__proto__', 'constructor', 'reserve', 'issue', 'top', '1/2', '\u00e9', '\u00b9',
];

/** In the place of a value in a body. @type {readonly unknown[]} */
// prettier-ignore
export const JSON_VALUES = [
  null, true, false, 0, -0, -1, 1, 1.5, 1e3, 1e21, 1e308, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 53 - 1, -(2 ** 53), Number.MIN_VALUE,
  '', ' ', '1', '0', 'true', 'null', '\u0000', '\n', 'a\u0000b', '\u202e', '\ufeff', '\ud800', '\udfff\ud800', 'x'.repeat(300),
  '\u{1F600}'.repeat(256), '\u0661', "'; DROP TABLE coupons; --", '${7*7}', '../../etc/passwd', '2026-13-45T99:99:99Z',
  '2026-11-20T18:00:00', '0000-00-00T00:00:00Z', '+275760-09-13T00:00:00Z', '9999-12-31T23:59:59.999Z', '9'.repeat(400),
  [], [[]], [null], {}, { toString: 1 }, { length: 2 ** 53 }, [1, 2, 3], { $ne: 1 }, { userId: 1 },
];

/** As text, since they are no values of JavaScript, or none that come back the same. */
// prettier-ignore
export const RAW_JSON = [
  '1e999', '-1e999', '1E400', '0.1e1', '10000000000000000000000000', '-0', '1.0', '1e0', '01', '+1', '.5', '5.', 'NaN', 'Infinity',
  'undefined', '"\\ud800"', '"\\u0000"', '"\\x41"', "'a'", '/* */ 1', '1,', '{"__proto__":{"isAdmin":true}}',
  '{"constructor":{"prototype":{"x":1}}}', '{"a":1,"a":2}', '[1,]', '"\t"', '"unfinished', '{"a"', 'tru', '0x10',
];

/** Names of fields and parameters that no call has. */
// prettier-ignore
export const NAMES = [
  '__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'isAdmin', 'unknown', '', ' ', 'userId ', 'USERID',
  'userId[]', 'userId[$ne]', 'user_id', 'couponId', 'id', 'limit', 'cursor', 'a'.repeat(500), '\u0000', '\u00fcser', 'wait',
];

/** Headers with what they may and may not have. @type {Record<string, readonly string[]>} */
// prettier-ignore
export const HEADERS = {
  Authorization: [
    '', 'Bearer', 'Bearer ', 'Bearer wrong', 'bearer local-admin', 'Basic YTpi', 'Bearer local-admin ', 'Bearer  local-admin',
    'Bearer \u00e9', `Bearer ${'a'.repeat(8000)}`, 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMDAwIn0.', 'Bearer a.b.c', 'Bearer ..',
    'Bearer eyJhbGciOiJIUzI1NiJ9.e30.AAAA', 'Negotiate', 'Bearer local-admin, Bearer local-admin', 'DPoP local-admin',
  ],
  'Idempotency-Key': [
    '', ' ', 'a', '"a"', '"', '""', '"a', 'a'.repeat(255), 'a'.repeat(256), 'a'.repeat(5000), '\u00e9', 'a b', 'a,b', 'a\tb', '\u007f',
    '__proto__', "'; --", '"\\"',
  ],
  Prefer: ['wait=0', 'wait=1', 'wait=-1', 'wait=1e3', 'wait', 'wait=', 'wait="1"', 'respond-async, wait=1', 'wait=99999999999', ';;=,', 'wait=0, wait=1'],
  'Entry-Ticket': ['', 'a', 'v1.a.b', 'a'.repeat(8000), '\u00e9', 'AAAA.AAAA', '..', '"'],
  Host: ['', 'localhost', 'evil.example', '[::1', '127.0.0.1:99999', 'a b', '@', '\u00e9', 'a,b', 'x'.repeat(300)],
  Expect: ['100-continue', '100-Continue', '200-ok', '', 'a'.repeat(300)],
  'Content-Type': [
    '', 'application/json; charset=utf-8', 'application/json;charset=utf-16', 'application/json; charset="latin1"', 'text/plain',
    'application/x-www-form-urlencoded', 'multipart/form-data', 'multipart/form-data; boundary=', 'application/xml', 'application/json, text/plain',
    'application/problem+json', 'application/JSON', 'application', '/', 'application/json;', 'application/json; charset', '*/*',
    'application/proto', 'application/grpc-web+json', 'application/grpc-web+proto', 'application/grpc', 'application/connect+json', 'text/csv',
    'application/x-ndjson', 'a'.repeat(2000), 'application/json; a=\u00e9',
  ],
  'Content-Encoding': ['gzip', 'deflate', 'br', 'identity', 'gzip, gzip', 'x', ''],
  Accept: ['', '*/*', 'text/html', 'text/event-stream', 'application/json;q=0', 'a'.repeat(2000), ',,,;q='],
  Origin: ['null', 'https://evil.example', '', 'http://[', 'file://'],
  'Sec-Fetch-Site': ['cross-site', 'same-origin', 'none', ''],
  'Access-Control-Request-Method': ['POST', 'a b', ''],
  'X-Forwarded-For': ['127.0.0.1', '::1', 'unknown', '1.2.3.4, 5.6.7.8', 'a'.repeat(3000), "'"],
  'X-Request-Id': ['', 'a', 'a'.repeat(300), '\u00e9', 'a b', '{"level":"error"}'],
  Connection: ['close', 'keep-alive', 'upgrade', 'close, keep-alive', '', 'x'],
  Upgrade: ['h2c', 'websocket', 'TLS/1.0', ''],
  'Connect-Timeout-Ms': ['0', '1', '-1', '99999999999999', 'a', ''],
  'Connect-Protocol-Version': ['1', '2', '', 'x'],
  'Grpc-Timeout': ['1m', '0n', '99999999H', 'a'],
  'Last-Event-ID': ['', '1', '\u00e9', 'a'.repeat(3000)],
  'If-None-Match': ['*', '"a"', ''],
  Range: ['bytes=0-', 'bytes=-1', 'x'],
  Cookie: ['a=b', '__proto__=1', 'a'.repeat(4000)],
  'X-HTTP-Method-Override': ['DELETE', 'TRACE'],
  Trailer: ['Content-Length', 'X'],
  TE: ['trailers', 'gzip'],
};

// prettier-ignore
export const METHODS = [
  'GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND', 'QUERY', 'PURGE', 'M-SEARCH', 'get', 'Post',
  'NOTHING', '', 'G\u00e9T', 'PRI', 'SOURCE',
];
