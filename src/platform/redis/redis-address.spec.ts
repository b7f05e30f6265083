import { describe, expect, it } from '@jest/globals';
import { addressText, parseRedisAddress } from './redis-address.js';

describe('parseRedisAddress', () => {
  it.each<[url: string, expected: object]>([
    ['redis://host', { mode: 'single', isEncrypted: false, endpoints: [{ host: 'host', port: 6379 }], database: 0 }],
    [
      'rediss://user:p%40ss@host:6380/3?family=6',
      {
        mode: 'single',
        isEncrypted: true,
        endpoints: [{ host: 'host', port: 6380 }],
        username: 'user',
        password: 'p@ss',
        database: 3,
      },
    ],
    [
      'redis://:secret:with:colons@[::1]:7000',
      { endpoints: [{ host: '::1', port: 7000 }], password: 'secret:with:colons' },
    ],
    [
      'redis+sentinel://user:pw@h1:26379,h2,h3:26381/2?name=mymaster',
      {
        mode: 'sentinel',
        isEncrypted: false,
        endpoints: [
          { host: 'h1', port: 26379 },
          { host: 'h2', port: 26379 },
          { host: 'h3', port: 26381 },
        ],
        masterName: 'mymaster',
        username: 'user',
        password: 'pw',
        database: 2,
      },
    ],
    ['rediss+sentinel://h1?name=my%20master', { mode: 'sentinel', isEncrypted: true, masterName: 'my master' }],
    [
      'redis+cluster://10.0.0.1:7000,[fd00::2]:7001',
      {
        mode: 'cluster',
        endpoints: [
          { host: '10.0.0.1', port: 7000 },
          { host: 'fd00::2', port: 7001 },
        ],
      },
    ],
    ['rediss+cluster://h1/0', { mode: 'cluster', isEncrypted: true }],
  ])('%s', (url, expected) => {
    expect(parseRedisAddress(url)).toMatchObject(expected);
  });

  it.each<[url: string, problem: RegExp]>([
    ['http://host', /^must be redis:\/\/host:port, /],
    ['redis://', /^must be redis:/],
    ['redis://h1,h2', /^must name one host; several are for redis\+sentinel/],
    ['redis://host:0', /^must be redis:/],
    ['redis://host:65536', /^must be redis:/],
    ['redis+sentinel://h1,,h2?name=x', /^must be redis:/],
    ['redis+sentinel://h1:26379', /^must say under which name the sentinels know the master/],
    ['redis+sentinel://h1?name=', /^must say under which name/],
    ['redis+sentinel://h1?name=x&mode=y', /^must not have the parameter "mode"$/],
    ['redis+cluster://h1?name=x', /^must not have the parameter "name"$/],
    ['redis+cluster://h1/1', /^must not name a database/],
    ['redis+ring://h1', /^must be redis:/],
    ['redis://%zz:pw@host', /^must have its account percent-encoded$/],
  ])('refuses %s, and repeats nothing of it that may be secret', (url, problem) => {
    expect(() => parseRedisAddress(url)).toThrow(problem);
  });
});

describe('addressText', () => {
  it.each([
    ['rediss://user:pw@host:6380/3?password=x', 'rediss://host:6380/3'],
    ['redis+sentinel://user:pw@h1,h2:1/0?name=mymaster', 'redis+sentinel://h1:26379,h2:1'],
    ['rediss+cluster://[::1]:7000', 'rediss+cluster://[::1]:7000'],
  ])('says of %s where the servers are', (url, text) => {
    expect(addressText(parseRedisAddress(url))).toBe(text);
  });
});
