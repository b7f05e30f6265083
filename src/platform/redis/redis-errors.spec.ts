import { describe, expect, it } from '@jest/globals';
import type { ProblemReason } from '../dependencies/problem-reason.js';
import {
  isAnswerOfRedis,
  isOfWrongServer,
  isRedisUnavailable,
  isRefusal,
  redisProblem,
  RedisUnavailableError,
} from './redis-errors.js';

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

function network(code: string, message = code): Error {
  return Object.assign(new Error(message), { code, syscall: 'connect' });
}

/** As ioredis says it. */
function noSentinel(lastError: string): Error {
  return new Error(`All sentinels are unreachable. Retrying from scratch after 10ms.${lastError}`);
}

/** As Redis 7.0 and 7.4 say it; what a script fails with has the name of the script behind it. */
const REPLIES: ReadonlyArray<[reply: string, reason: ProblemReason]> = [
  ["READONLY You can't write against a read only replica.", 'READ_ONLY'],
  ["READONLY You can't write against a read only replica. script: 9282fe, on @user_script:1.", 'READ_ONLY'],
  ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", 'READ_ONLY'],
  ['LOADING Redis is loading the dataset in memory', 'LOADING'],
  ["OOM command not allowed when used memory > 'maxmemory'.", 'OUT_OF_MEMORY'],
  ["OOM command not allowed when used memory > 'maxmemory'. script: 9282fe, on @user_script:1.", 'OUT_OF_MEMORY'],
  ['NOREPLICAS Not enough good replicas to write.', 'TOO_FEW_REPLICAS'],
  ['MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist on disk.', 'DISK_ERROR'],
  ['MISCONF Errors writing to the AOF file: No space left on device', 'DISK_ERROR'],
  ['NOAUTH Authentication required.', 'NO_PERMISSION'],
  ['WRONGPASS invalid username-password pair or user is disabled.', 'NO_PERMISSION'],
  ["NOPERM this user has no permissions to run the 'info' command", 'NO_PERMISSION'],
  ['DENIED Redis is running in protected mode because protected mode is enabled', 'NO_PERMISSION'],
  ["ERR The user executing the script can't run this command or subcommand script: b1b2, on @u:1.", 'NO_PERMISSION'],
  ["ERR The user executing the script can't access at least one of the keys mentioned", 'NO_PERMISSION'],
  ["ERR ACL failure in script: User app has no permissions to run the 'info' command", 'NO_PERMISSION'],
  ['BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.', 'TIMEOUT'],
  ['CLUSTERDOWN The cluster is down', 'UNREACHABLE'],
  ['ERR max number of clients reached', 'UNREACHABLE'],
];

describe('what Redis replies', () => {
  it.each(REPLIES)('%s', (message, reason) => {
    expect(redisProblem(reply(message))).toBe(reason);
    expect(isRedisUnavailable(reply(message))).toBe(true);
    const wrapped = new RedisUnavailableError(message, { cause: reply(message) });
    expect(wrapped.reason).toBe(reason);
    expect(isAnswerOfRedis(wrapped)).toBe(true);
    expect(isOfWrongServer(wrapped)).toBe(reason === 'READ_ONLY' || reason === 'LOADING');
    expect(isRefusal(wrapped)).toBe(reason === 'NO_PERMISSION');
  });

  it.each(['WRONGTYPE Operation against a key', 'ERR unknown command', 'ERR value is not an integer', 'NOSCRIPT'])(
    '%s is a fault in what we asked',
    (message) => {
      expect(isRedisUnavailable(reply(message))).toBe(false);
    },
  );
});

describe('what the way to Redis gives', () => {
  it.each<[Error, ProblemReason, boolean]>([
    [network('ECONNREFUSED'), 'UNREACHABLE', false],
    [network('ETIMEDOUT', 'connect ETIMEDOUT'), 'TIMEOUT', false],
    [new Error("Socket timeout. Expecting data, but didn't receive any in 5000ms."), 'TIMEOUT', false],
    [new RedisUnavailableError('no answer within 250 ms', { reason: 'TIMEOUT' }), 'TIMEOUT', false],
    [new RedisUnavailableError('not connected'), 'UNREACHABLE', false],
    [noSentinel(''), 'UNREACHABLE', false],
    [noSentinel(' Last error: connect ECONNREFUSED 127.0.0.1:26379'), 'UNREACHABLE', false],
    [
      noSentinel(" Last error: NOPERM this user has no permissions to run the 'sentinel' command"),
      'NO_PERMISSION',
      true,
    ],
    [network('ERR_SSL_WRONG_VERSION_NUMBER'), 'UNREACHABLE', true],
    [network('DEPTH_ZERO_SELF_SIGNED_CERT'), 'UNREACHABLE', true],
    [network('ERR_TLS_CERT_ALTNAME_INVALID'), 'UNREACHABLE', true],
  ])('%s', (error, reason, refusal) => {
    expect(redisProblem(error)).toBe(reason);
    expect(isRefusal(error)).toBe(refusal);
    expect(isAnswerOfRedis(error)).toBe(false);
  });

  it('counts as an answer where the server said so before we left it', () => {
    expect(isAnswerOfRedis(new RedisUnavailableError('not connected', { reason: 'READ_ONLY' }))).toBe(true);
  });

  it('is unknown where something else was thrown', () => {
    expect(redisProblem('a text')).toBe('UNREACHABLE');
    expect(isRedisUnavailable('a text')).toBe(false);
  });
});
