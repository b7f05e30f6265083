import { describe, expect, it } from '@jest/globals';
import { QueryFailedError, TypeORMError } from 'typeorm';
import type { ProblemReason } from '../dependencies/problem-reason.js';
import {
  databaseErrorMessage,
  databaseProblem,
  fromDriver,
  isDatabaseAway,
  isDatabaseUnavailable,
  isDuplicateKey,
  isLockConflict,
  isReadOnly,
  isRefusedForGood,
  refusalOf,
} from './database-errors.js';
import {
  AcquireTimeoutError,
  NotGaleraError,
  NotSyncedError,
  PoolClosedError,
  RowBusyError,
  StatementTimeoutError,
} from './pool/pool-errors.js';

interface Meaning {
  readonly unavailable: boolean;
  /** For every statement, not for this one only. */
  readonly away: boolean;
  readonly forGood: boolean;
  readonly lockConflict: boolean;
}

const NOTHING_KNOWN: Meaning = { unavailable: false, away: false, forGood: false, lockConflict: false };
const UNAVAILABLE: Meaning = { ...NOTHING_KNOWN, unavailable: true, away: true };
const THIS_STATEMENT: Meaning = { ...UNAVAILABLE, away: false };
const FOR_GOOD: Meaning = { ...NOTHING_KNOWN, forGood: true };
const CONFLICT: Meaning = { ...NOTHING_KNOWN, lockConflict: true };

function meaningOf(error: unknown): Meaning {
  return {
    unavailable: isDatabaseUnavailable(error),
    away: isDatabaseAway(error),
    forGood: isRefusedForGood(error),
    lockConflict: isLockConflict(error),
  };
}

function driverError(fields: object, message = 'what the server said'): Error {
  return fromDriver(Object.assign(new Error(message), fields));
}

const CASES: ReadonlyArray<[string, Error, Meaning]> = [
  ['connection refused', driverError({ code: 'ECONNREFUSED', errno: -111, syscall: 'connect' }), UNAVAILABLE],
  ['connection refused at every address', driverError({ code: 'ECONNREFUSED', errors: [] }), UNAVAILABLE],
  ['connection reset', driverError({ code: 'ECONNRESET', fatal: true }), UNAVAILABLE],
  ['connect time-out', driverError({ code: 'ETIMEDOUT', fatal: true }), UNAVAILABLE],
  ['host name not known for now', driverError({ code: 'EAI_AGAIN' }), UNAVAILABLE],
  ['connection lost in the middle', driverError({ code: 'PROTOCOL_CONNECTION_LOST', fatal: true }), UNAVAILABLE],
  [
    'connection already closed',
    driverError({}, "Can't add new command when connection is in closed state"),
    UNAVAILABLE,
  ],
  ["the driver's pool closed", driverError({}, 'Pool is closed.'), UNAVAILABLE],
  ['pool closed', new PoolClosedError(), UNAVAILABLE],
  ['not connected', new TypeORMError('Connection with mysql database is not established.'), UNAVAILABLE],
  ['no connection became free', new AcquireTimeoutError(10), UNAVAILABLE],
  ['others at the same row for too long', new RowBusyError(10), THIS_STATEMENT],
  ['statement not answered in time', new StatementTimeoutError(10), THIS_STATEMENT],
  ['too many connections', driverError({ errno: 1040, sqlState: '08004' }), UNAVAILABLE],
  ['shutting down', driverError({ errno: 1053, sqlState: '08S01' }), UNAVAILABLE],
  ['disk full', driverError({ errno: 1021, sqlState: 'HY000' }), UNAVAILABLE],
  ['table full', driverError({ errno: 1114, sqlState: 'HY000' }), UNAVAILABLE],
  ['read-only', driverError({ errno: 1290, sqlState: 'HY000' }), UNAVAILABLE],
  ['in read-only mode', driverError({ errno: 1836, sqlState: 'HY000' }), UNAVAILABLE],
  ['in a read-only transaction', driverError({ errno: 1792, sqlState: '25006' }), UNAVAILABLE],
  ['no thread for another connection', driverError({ errno: 1135, sqlState: 'HY000' }), UNAVAILABLE],
  ['host blocked', driverError({ errno: 1129, sqlState: 'HY000' }), UNAVAILABLE],
  ['too many connections of the user', driverError({ errno: 1203, sqlState: '42000' }), UNAVAILABLE],
  ['idle connection closed', driverError({ errno: 4031, sqlState: 'HY000' }), UNAVAILABLE],
  ['statement stopped by MySQL', driverError({ errno: 3024, sqlState: 'HY000' }), THIS_STATEMENT],
  ['statement stopped by MariaDB', driverError({ errno: 1969, sqlState: '70100' }), THIS_STATEMENT],
  ['query killed', driverError({ errno: 1317, sqlState: '70100' }), THIS_STATEMENT],
  ['not a member of the Galera primary', driverError({ errno: 1047, sqlState: '08S01' }), UNAVAILABLE],
  [
    'a COMMIT in a Galera node that has lost the primary',
    driverError({ errno: 1180, sqlState: 'HY000' }, 'provider status: Not connected to Primary Component'),
    UNAVAILABLE,
  ],
  [
    'a Galera node that others were faster than, also at COMMIT',
    driverError({ errno: 1213, sqlState: '40001' }, 'WSREP detected deadlock/conflict and aborted the transaction'),
    CONFLICT,
  ],
  ['a Galera node that lags', new NotSyncedError(), UNAVAILABLE],
  [
    'a Galera node that says so, in the words of a locked row',
    new NotSyncedError({ cause: driverError({ errno: 1205, sqlState: 'HY000' }) }),
    UNAVAILABLE,
  ],
  ['a server that ought to be a Galera node', new NotGaleraError(), UNAVAILABLE],
  ['access denied', driverError({ errno: 1045, sqlState: '28000', fatal: true }), UNAVAILABLE],
  ['no access to the schema', driverError({ errno: 1044, sqlState: '42000' }), UNAVAILABLE],
  ['no right to this statement on this table', driverError({ errno: 1142, sqlState: '42000' }), THIS_STATEMENT],
  ['no right to this kind of statement', driverError({ errno: 1227, sqlState: '42000' }), THIS_STATEMENT],
  ['error on write', driverError({ errno: 3, sqlState: 'HY000' }), UNAVAILABLE],
  ['lock wait time-out', driverError({ errno: 1205, sqlState: 'HY000' }), { ...CONFLICT, unavailable: true }],
  ['deadlock', driverError({ errno: 1213, sqlState: '40001' }), CONFLICT],
  ['duplicate key', driverError({ errno: 1062, sqlState: '23000' }), FOR_GOOD],
  ['column is null', driverError({ errno: 1048, sqlState: '23000' }), FOR_GOOD],
  ['out of range', driverError({ errno: 1264, sqlState: '22003' }), FOR_GOOD],
  ['data too long', driverError({ errno: 1406, sqlState: '22001' }), FOR_GOOD],
  ['refused by a trigger', driverError({ errno: 1644, sqlState: '45000' }), FOR_GOOD],
  ['bad character on MySQL', driverError({ errno: 1366, sqlState: 'HY000' }), FOR_GOOD],
  ['bad character on MariaDB', driverError({ errno: 1366, sqlState: '22007' }), FOR_GOOD],
  ['no such table', driverError({ errno: 1146, sqlState: '42S02' }), NOTHING_KNOWN],
  ['an error of the server that nobody knows', driverError({ errno: 4711, sqlState: 'HY000' }), NOTHING_KNOWN],
  ['a fault of our own', new TypeError('undefined is not a function'), NOTHING_KNOWN],
];

describe('what an error of the database means', () => {
  it.each(CASES)('%s', (_name, error, meaning) => {
    expect(meaningOf(error)).toEqual(meaning);
  });

  it.each<[string, object]>([
    ['a client that hung up', { code: 'ECONNRESET' }],
    ['another server that refuses', { code: 'ECONNREFUSED' }],
    ['a fatal one', { fatal: true }],
  ])('is not that of %s', (_name, fields) => {
    expect(meaningOf(Object.assign(new Error('not of the driver'), fields))).toEqual(NOTHING_KNOWN);
  });

  it.each(CASES)('%s, wrapped by TypeORM', (_name, error, meaning) => {
    expect(meaningOf(new QueryFailedError('SELECT 1', [], error))).toEqual(meaning);
  });

  it.each([
    ['a text', 'ECONNREFUSED'],
    ['nothing', undefined],
    ['an object', { errno: 1213, sqlState: '45000' }],
  ])('%s is no error of the database', (_name, thrown) => {
    expect(meaningOf(thrown)).toEqual(NOTHING_KNOWN);
  });
});

it.each([
  [1290, true],
  [1792, true],
  [1836, true],
  [1213, false],
  [undefined, false],
])('error %p: read-only is %p', (errno, expected) => {
  expect(isReadOnly(driverError({ errno }))).toBe(expected);
});

describe('the reason of a problem', () => {
  it.each<[string, object, ProblemReason]>([
    ['read-only', { errno: 1290 }, 'READ_ONLY'],
    ['in a read-only transaction', { errno: 1792 }, 'READ_ONLY'],
    ['in read-only mode', { errno: 1836 }, 'READ_ONLY'],
    ['disk full', { errno: 1021 }, 'DISK_ERROR'],
    ['table full', { errno: 1114 }, 'DISK_ERROR'],
    ['error on write', { errno: 1026 }, 'DISK_ERROR'],
    ['error on write to a temporary file', { errno: 3 }, 'DISK_ERROR'],
    ['out of memory', { errno: 1037 }, 'OUT_OF_MEMORY'],
    ['out of memory to sort', { errno: 1038 }, 'OUT_OF_MEMORY'],
    ['out of resources', { errno: 1041 }, 'OUT_OF_MEMORY'],
    ['no access to the schema', { errno: 1044 }, 'NO_PERMISSION'],
    ['access denied', { errno: 1045, fatal: true }, 'NO_PERMISSION'],
    ['no right on the table', { errno: 1142 }, 'NO_PERMISSION'],
    ['no right on the column', { errno: 1143 }, 'NO_PERMISSION'],
    ['no right to this kind of statement', { errno: 1227 }, 'NO_PERMISSION'],
    ['access denied without a password', { errno: 1698 }, 'NO_PERMISSION'],
    ['not a member of the Galera primary', { errno: 1047 }, 'NOT_SYNCED'],
    ['a Galera node that lags', { code: 'DATABASE_NOT_SYNCED' }, 'NOT_SYNCED'],
    ['no Galera node', { code: 'DATABASE_NOT_GALERA' }, 'NOT_SYNCED'],
    ['no such schema', { errno: 1049 }, 'NOT_SYNCED'],
    ['no such table', { errno: 1146 }, 'NOT_SYNCED'],
    ['statement not answered in time', { code: 'DATABASE_STATEMENT_TIMEOUT' }, 'TIMEOUT'],
    ['connect time-out', { code: 'ETIMEDOUT', fatal: true }, 'TIMEOUT'],
    ['lock wait time-out', { errno: 1205 }, 'TIMEOUT'],
    ['connection refused', { code: 'ECONNREFUSED', errno: -111 }, 'UNREACHABLE'],
    ['too many connections', { errno: 1040 }, 'UNREACHABLE'],
    ['shutting down', { errno: 1053 }, 'UNREACHABLE'],
    ['what nobody knows', { errno: 4711 }, 'UNREACHABLE'],
  ])('%s', (_name, fields, reason) => {
    expect(databaseProblem(driverError(fields))).toBe(reason);
  });

  it('is unknown where something else was thrown', () => {
    expect(databaseProblem('a text')).toBe('UNREACHABLE');
  });
});

it.each([
  ['a user who is not known', { errno: 1045, sqlState: '28000' }, 'ACCESS_DENIED'],
  ['TLS that is demanded', { errno: 3159, sqlState: 'HY000' }, 'TLS_DEMANDED'],
  ['TLS that is not offered', { code: 'HANDSHAKE_NO_SSL_SUPPORT', fatal: true }, 'TLS_NOT_OFFERED'],
  ['a server that is no Galera node', { code: 'DATABASE_NOT_GALERA' }, 'NOT_GALERA'],
  ['too many connections', { errno: 1040, sqlState: '08004' }, undefined],
  ['a connection that broke in the handshake', { code: 'HANDSHAKE_SSL_ERROR', fatal: true }, undefined],
])('%s is, for good: %p', (_name, fields, refusal) => {
  expect(refusalOf(driverError(fields))).toBe(refusal);
});

it('a certificate that is not accepted is a refusal for good', () => {
  const error = driverError({ code: 'HANDSHAKE_SSL_ERROR' }, 'self-signed certificate in certificate chain');
  expect(refusalOf(error)).toBe('CERTIFICATE_NOT_ACCEPTED');
});

describe('a duplicate key', () => {
  const duplicate = driverError({ errno: 1062 }, "Duplicate entry '7-42' for key 'uq_user_coupons_user'");

  it('is told by the name of its index', () => {
    expect(isDuplicateKey(duplicate)).toBe(true);
    expect(isDuplicateKey(duplicate, 'uq_user_coupons_user')).toBe(true);
    expect(isDuplicateKey(duplicate, 'uq_user_coupons_code')).toBe(false);
  });

  it('is not any other violation of a constraint', () => {
    expect(isDuplicateKey(driverError({ errno: 1048, sqlState: '23000' }))).toBe(false);
  });
});

describe('the message', () => {
  it('is what the server said, without the statement and its values', () => {
    const error = driverError({ errno: 1644, sqlMessage: 'not this one' });
    const wrapped = new QueryFailedError('INSERT INTO user_coupons VALUES (?)', ['secret'], error);
    expect(databaseErrorMessage(wrapped)).toBe('not this one');
    expect(databaseErrorMessage('just a text')).toBe('just a text');
  });
});
