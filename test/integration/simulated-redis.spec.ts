import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Keyspace, NotSimulatedError, RedisReplyError, type Reply } from '../simulation/redis/keyspace.js';
import { type CompiledScript, Lua } from '../simulation/redis/lua.js';
import { formatDouble } from '../simulation/redis/numbers.js';

const MEMBERS = Array.from({ length: 500 }, (_, index) => `member-${index}`);

let now: number;
let keyspace: Keyspace;

beforeEach(() => {
  now = 1_900_000_000_000;
  keyspace = new Keyspace({ now: () => now, info: () => 'role:master' });
});

function call(...words: string[]): Reply {
  return keyspace.call(words);
}

function stateOf(each: Keyspace): unknown {
  const collections = [each.hash('hash'), each.set('set'), each.set('moved'), each.sortedSet('sorted')];
  return [each.string('counter'), each.expiresAt('counter'), ...collections.map((value) => value && [...value])];
}

describe('a keyspace', () => {
  it('goes by the clock that it is given', () => {
    call('SET', 'key', 'value', 'PX', '1000');
    expect(keyspace.expiresAt('key')).toBe(now + 1000);
    now += 1000.9;
    expect(call('GET', 'key')).toBe('value');
    expect(call('TIME')).toEqual(['1900000001', '900']);
    now += 0.1;
    expect([keyspace.string('key'), call('GET', 'key'), call('EXISTS', 'key')]).toEqual([undefined, null, 0]);
    now -= 1001;
    expect(call('GET', 'key')).toBeNull();
  });

  it('can be looked into without any effect', () => {
    call('SET', 'string', '1', 'PX', '1000');
    call('HSET', 'hash', 'field', 'value');
    call('SADD', 'set', 'member');
    call('ZADD', 'sorted', '2', 'b', '1', 'a');
    expect(keyspace.keys()).toEqual(['string', 'hash', 'set', 'sorted']);
    expect(keyspace.hash('hash')).toEqual(new Map([['field', 'value']]));
    expect(keyspace.set('set')).toEqual(new Set(['member']));
    expect(keyspace.sortedSet('sorted')).toEqual(new Map(Object.entries({ a: 1, b: 2 })));
    expect([keyspace.set('hash'), keyspace.string('missing')]).toEqual([undefined, undefined]);
    now += 2000;
    expect(keyspace.string('string')).toBeUndefined();
    now -= 2000;
    expect(keyspace.string('string')).toBe('1');
  });

  it('can be put back, again and elsewhere, whatever was done since', () => {
    const fill = [
      ['SET', 'counter', '1', 'PX', '1000'],
      ['HSET', 'hash', 'field', 'old'],
      ['SADD', 'set', 'a'],
      ['ZADD', 'sorted', '1', 'a'],
    ];
    const change = [
      ['INCRBY', 'counter', '5'],
      ['PERSIST', 'counter'],
      ['HSET', 'hash', 'field', 'new'],
      ['SADD', 'set', 'b'],
      ['SREM', 'set', 'a'],
      ['ZADD', 'sorted', '2', 'a', '3', 'b'],
      ['RENAME', 'set', 'moved'],
      ['DEL', 'hash'],
    ];
    for (const words of fill) keyspace.call(words);
    const contents = keyspace.snapshot();
    const before = stateOf(keyspace);
    for (const words of change) keyspace.call(words);
    const after = stateOf(keyspace);
    const later = keyspace.snapshot();
    const other = new Keyspace({ now: () => now, info: () => '' });
    for (const each of [keyspace, other, keyspace]) {
      each.restore(contents);
      expect(stateOf(each)).toEqual(before);
      for (const words of change) each.call(words);
      expect(stateOf(each)).toEqual(after);
    }
    keyspace.restore(later);
    expect(stateOf(keyspace)).toEqual(after);
  });

  it('shows in its pages all that is there all the time, and nothing else', () => {
    call('SADD', 'set', ...MEMBERS);
    const found: string[] = [];
    let cursor = '0';
    let pages = 0;
    do {
      const [next, members] = call('SSCAN', 'set', cursor, 'COUNT', '20') as [string, string[]];
      found.push(...members);
      cursor = next;
      pages += 1;
      call('SREM', 'set', ...MEMBERS.slice(0, 100 + pages));
      call('SADD', 'set', `added-${pages}`);
    } while (cursor !== '0');
    expect(pages).toBeGreaterThan(15);
    expect(found).toEqual(expect.arrayContaining(MEMBERS.slice(101 + pages)));
    expect(found.filter((member) => !member.startsWith('added')).every((member) => MEMBERS.includes(member))).toBe(
      true,
    );
    expect(new Set(found).size).toBe(found.length);
  });

  it.each([
    ['APPEND', 'key', 'value'],
    ['SET', 'key', 'value', 'XX'],
    ['ZADD', 'key', 'GT', '1', 'member'],
    ['ZRANGE', 'key', '0', '1', 'BYSCORE'],
    ['PEXPIRE', 'key', '1', 'NX'],
    ['SCAN', '0', 'TYPE', 'set'],
    ['SCAN', '0', 'MATCH', '[a]'],
    ['CONFIG', 'SET', 'maxmemory', '1'],
    ['CONFIG', 'GET', 'maxmemory'],
    ['PING', 'message'],
  ])('says so when it does not know what Redis does: %s %s %s', (...words) => {
    expect(() => keyspace.call(words)).toThrow(NotSimulatedError);
  });

  it.each([
    [0.1, '0.10000000000000001'],
    [1 / 3, '0.33333333333333331'],
    [-2.5, '-2.5'],
    [-0, '-0'],
    [2 ** 53, '9007199254740992'],
    [10 ** 17 - 16, '99999999999999984'],
    [1e17, '1e+17'],
    [1.5e300, '1.5000000000000001e+300'],
    [0.0001, '0.0001'],
    [0.000012, '1.2e-05'],
    [-Infinity, '-inf'],
  ])('writes %d as C does: %s', (value, text) => {
    expect(formatDouble(value)).toBe(text);
  });
});

describe('Lua', () => {
  let lua: Lua;

  beforeAll(async () => {
    lua = await Lua.create();
  });

  function run(source: string, ...args: string[]): Reply {
    return lua.run(lua.compile(source), ['key'], args, keyspace);
  }

  it('names the script that it cannot compile', () => {
    expect(() => lua.compile('return\nreturn', 'my-script')).toThrow(/^my-script: .*user_script:2: .* near 'return'/);
  });

  it('gives up a script that asks for what is not simulated, whatever the script makes of it', () => {
    expect(() => run('redis.pcall("APPEND", "key", "x") redis.call("SET", "key", "y")')).toThrow(NotSimulatedError);
    expect(keyspace.string('key')).toBeUndefined();
    expect(run('return redis.call("SET", "key", "y")')).toEqual({ ok: 'OK' });
  });

  it.each([
    ['return string.char(255)'],
    ['return redis.call("SET", KEYS[1], string.char(128))'],
    ['return redis.call("SET", KEYS[1], string.sub("쿠폰", 1, 2))'],
    ['return ARGV[1]', 'half a pair: \ud83c'],
    ['return 0 / 0'],
    ['return 2 ^ 63'],
    ['return redis.call("SET", KEYS[1], 0 / 0)'],
  ])('does not pretend: %s', (source, ...args) => {
    expect(() => run(source, ...args)).toThrow();
    expect(keyspace.keys()).toEqual([]);
    expect(run('return ARGV[1]', 'fine')).toBe('fine');
  });

  it.each([
    'return os.clock()',
    'return math.random()',
    'return pcall(error)',
    'return redis.sha1hex("")',
    'return cjson.encode({})',
    'return tonumber("17", 8)',
    'return string.format("%5d", 7)',
  ])('gives up a script that wants what is otherwise here: %s', (source) => {
    expect(() => run(source)).toThrow(NotSimulatedError);
    expect(run('return 1')).toBe(1);
  });

  it('takes texts of any length', () => {
    const text = '쿠폰 🎟 '.repeat(2_000_000);
    expect(run('redis.call("SET", KEYS[1], ARGV[1]) return #ARGV[1]', text)).toBe(Buffer.byteLength(text));
    expect(keyspace.string('key') === text).toBe(true);
  });

  it('needs no more memory however often it is called', () => {
    const fine = lua.compile('redis.call("SET", KEYS[1], ARGV[1]) return { redis.call("GET", KEYS[1]), {} }');
    const wrong = lua.compile('redis.call("SET", KEYS[1], ARGV[1]) redis.call("SADD", KEYS[1], 1)');
    const usedAfter = (times: number): number => {
      for (let time = 0; time < times; time += 1) {
        lua.run(fine, ['key'], [String(time)], keyspace);
        if (time % 10 === 0) expectError(wrong, String(time));
      }
      return lua.usedBytes();
    };
    const before = usedAfter(1000);
    expect(usedAfter(50_000)).toBeLessThan(before + 500_000);
  });

  it('does not remember every key and every long text for ever', () => {
    const script = lua.compile('return redis.call("SET", KEYS[1], ARGV[1])');
    const usedAfter = (times: number): number => {
      for (let time = 0; time < times; time += 1) lua.run(script, [`key-${time}`], [String(time).repeat(20)], keyspace);
      return lua.usedBytes();
    };
    const before = usedAfter(30_000);
    expect(usedAfter(60_000)).toBeLessThan(before + 2_000_000);
  });

  function expectError(script: CompiledScript, arg: string): void {
    try {
      lua.run(script, ['key'], [arg], keyspace);
    } catch (error) {
      if (error instanceof RedisReplyError) return;
      throw error;
    }
    throw new Error('no error');
  }
});
