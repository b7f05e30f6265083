import { beforeAll, describe, expect, it } from '@jest/globals';
import { Keyspace } from '../simulation/redis/keyspace.js';
import { RecordedRedis } from '../support/recorded-redis.js';
import { answerOf, SimulatedRedis } from '../support/simulated-redis.js';

const THOUSANDS = Array.from({ length: 7000 }, (_, index) => String(index));

/** What the scripts below find. */
const SETUP = [
  ['FLUSHALL'],
  ['SET', 'text', 'abc'],
  ['SET', 'number', '9007199254740993'],
  ['SADD', 'set', '1', '2', '3'],
  ['HSET', 'hash', 'field', 'value'],
  ['ZADD', 'sorted', '1', 'a', '2', '쿠폰', '2', 'b', '2', '🎟', '2', '\uffee', '2.5', 'c'],
];

/** In braces, the arguments of a script that takes some. */
const SCRIPTS: ReadonlyArray<readonly [lua: string, args?: readonly string[]]> = [
  // Values on their way out.
  ['return { 3.99, -3.99, 2 ^ 52, 1e15, -0.5 }'],
  ['return { 1, 2, nil, 4 }'],
  ['return { false, true, 1 }'],
  ['return { 1, { 2, { "three", {} } }, {} }'],
  ['return "쿠폰 🎟"'],
  ['return ""'],
  ['return true'],
  ['return false'],
  ['return nil'],
  ['local nothing = 1'],
  ['return { ok = "FINE" }'],
  ['return { err = "MINE went wrong" }'],
  ['return { { ok = "FINE" }, 2 }'],
  ['return string.rep("x", 100000)'],
  ['local t = {} for i = 1, 3000 do t[i] = i end return t'],
  // And in.
  ['return { KEYS[1], #KEYS, ARGV[1], ARGV[2], #ARGV, #ARGV[2] }', ['an argument', '쿠폰']],
  ['return ARGV[1]', ['a\0b\r\n']],
  ['return ARGV[1]', ['\ufeffa mark']],
  ['KEYS[1] = "changed" return KEYS'],
  ['return { unpack(ARGV) }', THOUSANDS],
  ['return redis.call("SADD", "big", unpack(ARGV))', THOUSANDS],
  ['return #{ unpack(ARGV) }', [...THOUSANDS, ...THOUSANDS]],
  // Replies of commands.
  ['return tostring(redis.call("GET", "missing"))'],
  ['return redis.call("HMGET", "hash", "field", "missing")'],
  ['return tostring(redis.call("HMGET", "hash", "missing")[1])'],
  ['return redis.call("TYPE", "set")'],
  ['return redis.call("TYPE", "set").ok'],
  ['return redis.call("PING")'],
  ['return redis.call("ZRANGE", "sorted", 0, -1, "WITHSCORES")'],
  ['return type(redis.call("SCARD", "set")) .. type(redis.call("ZSCORE", "sorted", "c"))'],
  ['redis.call("INCRBY", "number", 1) return redis.call("GET", "number")'],
  ['redis.call("set", "n", 0.5) return redis.call("get", "n")'],
  ['redis.call("SET", "n", -2.25) return redis.call("GET", "n")'],
  ['redis.call("SET", "n", 2 ^ 53) return redis.call("GET", "n")'],
  ['redis.call("SET", "n", 1e15 + 1) return redis.call("GET", "n")'],
  // Errors.
  ['redis.call("GET", "set")'],
  ['\n\nreturn redis.call("GET", "set")'],
  ['local function get(key)\n  return redis.call("GET", key)\nend\nreturn get("set")'],
  ['local function get(key)\n  local value = redis.call("GET", key)\n  return value\nend\nreturn { get("set") }'],
  ['return redis.pcall("GET", "set")'],
  ['return redis.pcall("GET", "set").err'],
  ['redis.call("SET", "before", 1) redis.call("GET", "set")'],
  ['redis.call()'],
  ['return redis.pcall()'],
  ['redis.call("GET")'],
  ['return redis.pcall("GET").err'],
  ['redis.call("GET", nil)'],
  ['redis.call("GET", {})'],
  ['redis.call("GET", true)'],
  ['redis.call("CONFIG", "GET", "maxmemory-policy")'],
  ['redis.call("HSET", "hash", "field", "value", "odd")'],
  ['error("my own")'],
  ['error({ err = "MINE own" })'],
  ['error()'],
  ['local missing\nreturn missing.field'],
  ['return 1 + {}'],
  ['return {} < {}'],
  ['return "a" < 1'],
  ['return #missing'],
  ['local function again() return again() end'],
  ['newGlobal = 1'],
  // Lua itself.
  ['return { tostring(0.1), tostring(1e15), tostring(2 ^ 53), tostring(1 / 3), 1e15 .. "", 10 / 2 .. "" }'],
  ['return { tonumber("0x10"), tonumber(" 7 "), tonumber("1e3"), tostring(tonumber("")), tostring(tonumber("7x")) }'],
  ['return { tostring(tonumber("inf")), tostring(-tonumber("inf")), tostring(tonumber("nan") == tonumber("nan")) }'],
  ['return string.format("%.0f|%.0f|%5.2f|%s|%q", 2.5, 9007199254740992, 3.14159, "쿠폰", "a\\nb")'],
  ['return { #"쿠폰", string.sub("쿠폰", 1, 3), string.upper("abc"), ("x"):rep(3) }'],
  ['return { math.floor(-3.5), math.max(1, 5, 3), math.min(2, 1), 7 % 3, -7 % 3, 2 ^ 10 }'],
  ['local t = { 3, 1, 2 } table.sort(t) table.insert(t, 9) return { table.concat(t, ","), #t, select("#", 1, nil) }'],
  ['local sum = 0 for _, n in ipairs({ 1, 2, nil, 4 }) do sum = sum + n end return sum'],
  ['return { string.match(ARGV[1], "run_id:(%w+)"), string.match(ARGV[1], "run_id:(%w+)") }', [longText('run_id:abc')]],
  ['return { string.match(ARGV[1], "b(%w+)"), string.match(ARGV[2], "b(%w+)") }', [longText('bcd'), longText('bef')]],
  ['return { string.match(ARGV[1], "(%w+):(%w+)"), tostring(string.match(ARGV[1], "!")) }', [longText('x:y')]],
  ['return { string.match(ARGV[1], "o(%w)"), string.match(ARGV[1], "o(%w)", 4) }', [longText('oa ob')]],
  ['return string.match(KEYS[1], "e")'],
  ['return { tonumber(ARGV[1]), tonumber(ARGV[1]) }', ['1234567012345']],
  ['return { tonumber(ARGV[1]) or "no", tonumber(ARGV[1]) or "no" }', ['1234567890123x']],
];

const COMMANDS: ReadonlyArray<readonly string[]> = [
  ...['9223372036854775807', '9223372036854775808', '-9223372036854775809', '+1', '01', '-0', '1.0', '0x1', '1 '].map(
    (value) => ['INCRBY', 'counter', value],
  ),
  ['SET', 'counter', '9223372036854775807'],
  ['INCRBY', 'counter', '1'],
  ['GET', 'counter'],
  ['SET', 'counter', '-9223372036854775808'],
  ['DECR', 'counter'],
  ['GET', 'counter'],
  ...[
    'inf',
    '-inf',
    '+Infinity',
    '1e400',
    'nan',
    '',
    ' 1',
    '1 ',
    '+5',
    '.5',
    '5.',
    '1e3',
    '0x1F',
    '-0x2',
    'e',
    '--1',
  ].map((score) => ['ZADD', 'scores', score, `member ${score}`]),
  ['ZADD', 'scores', 'NX', '1'],
  ['ZADD', 'scores', 'NX', 'nx'],
  ['ZADD', 'scores', '1', 'a', '2'],
  ['ZADD', 'scores', '1', 'a', 'x', 'b'],
  ['ZADD', 'text', 'x', 'a'],
  ['ZADD', 'text', '1', 'a'],
  ['ZINCRBY', 'scores', '-inf', 'member inf'],
  ['ZINCRBY', 'text', 'x', 'a'],
  ['ZRANGE', 'scores', '0', '-1', 'WITHSCORES'],
  ...['-inf', '(0', '', '(', ' 1', '1 ', 'nan', '((1', '[1', '1e400'].map((low) => ['ZCOUNT', 'scores', low, '+inf']),
  ['ZRANGEBYSCORE', 'scores', '-inf', '+inf', 'LIMIT', '1'],
  ['ZRANGEBYSCORE', 'scores', 'x', '+inf', 'LIMIT', 'x', '1'],
  ['ZRANGEBYSCORE', 'scores', '-inf', '+inf', 'LIMIT', '-1', '2'],
  ['ZRANGEBYSCORE', 'scores', '-inf', '+inf', 'limit', '1', '-1', 'withscores'],
  ['SET', 'text', 'x', 'PX', '9223372036854775807'],
  ['SET', 'text', 'x', 'PX', '0'],
  ['SET', 'text', 'x', 'PX', '-1'],
  ['SET', 'text', 'x', 'PX'],
  ['SET', 'text', 'x', 'PX', '60000', 'PX', '70000'],
  ['SET', 'text', 'x', 'nonsense'],
  ['SET', 'new', 'x', 'nx', 'px', '60000'],
  ['SET', 'new', 'y', 'NX'],
  ['PEXPIRE', 'text', '9223372036854775807'],
  ['PEXPIRE', 'text', '9007199254740991'],
  ['PERSIST', 'text'],
  ['PEXPIRE', 'text', '-1'],
  ['EXISTS', 'text', 'set', 'set'],
  ['RENAME', 'set', 'set'],
  ['RENAME', 'missing', 'missing'],
  ['DEL', 'set', 'set'],
  ['SCAN', '0', 'COUNT', '0'],
  ['SCAN', '0', 'COUNT', 'x'],
  ['SCAN', '0', 'COUNT'],
  ['SCAN', 'x'],
  ['SSCAN', 'hash', '0'],
  ['SSCAN', 'missing', '0'],
  ['hget', 'hash', 'field'],
  ['HGET', 'hash'],
  ['TYPE', 'missing'],
];

let redis: RecordedRedis;
let simulated: SimulatedRedis;
let keyspace: Keyspace;

beforeAll(async () => {
  [redis, simulated] = await Promise.all([RecordedRedis.start(), SimulatedRedis.create()]);
});

async function setUp(): Promise<void> {
  keyspace = new Keyspace({ now: () => Date.now(), info: () => '' });
  for (const command of SETUP) {
    await redis.answer(command);
    keyspace.call(command);
  }
}

function longText(text: string): string {
  return `${text}\n${'-'.repeat(300)}`;
}

describe('the simulated Redis', () => {
  it.each(SCRIPTS)('runs %j as the real one does', async (lua, args = []) => {
    await setUp();
    const real = await redis.answer(['EVAL', lua, '1', 'key', ...args]);
    const script = simulated.lua.compile(lua);
    expect(answerOf(() => simulated.lua.run(script, ['key'], args, keyspace))).toEqual(real);
    expect(keyspace.string('before')).toEqual((await redis.client.get('before')) ?? undefined);
  });

  it('answers to unusual arguments as the real one does', async () => {
    await setUp();
    for (const command of COMMANDS) {
      const real = await redis.answer(command);
      expect([command, answerOf(() => keyspace.call(command))]).toEqual([command, real]);
    }
  });
});
