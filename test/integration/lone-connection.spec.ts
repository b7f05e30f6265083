import { beforeAll, describe, expect, it } from '@jest/globals';
import { LoneConnection } from '../../src/platform/database/lone-connection.js';
import { atEndOfFile } from '../support/cleanup.js';
import { testDatabaseUrl } from '../support/database.js';
import { outcomeOf } from '../support/outcome.js';
import { eventually } from '../support/poll.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const ASK = ['SELECT 1'];

let proxy: TcpProxy;
let connection: LoneConnection;

beforeAll(async () => {
  proxy = await TcpProxy.inFrontOf(testDatabaseUrl());
  connection = open();
});

function open(): LoneConnection {
  const opened = new LoneConnection({ url: proxy.url, tls: { mode: 'off' }, galera: 'auto', connectTimeoutMs: 1000 });
  atEndOfFile(async () => opened.close());
  return opened;
}

describe('a connection beside the pool', () => {
  it('is one, however often it is used', async () => {
    for (let time = 1; time <= 3; time += 1) await connection.run(ASK);
    expect(proxy.connections).toBe(1);
  });

  it('is replaced when it was lost between two calls', async () => {
    proxy.cut();
    await eventually(() => connection.run(ASK));
    expect(proxy.connections).toBe(1);
  });

  it('is replaced after a statement that failed, whose transaction is rolled back', async () => {
    const refused = connection.run(['START TRANSACTION', 'INSERT INTO no_such_table () VALUES ()']);
    await expect(refused).rejects.toMatchObject({ errno: 1146 });
    await connection.run(ASK);
    await eventually(() => expect(proxy.connections).toBe(1));
  });

  it('is given up when the server says nothing, also while it connects', async () => {
    proxy.stall();
    expect(await outcomeOf(connection.run(ASK))).toMatch(/^StatementTimeoutError/);
    expect(await outcomeOf(connection.run(ASK))).toMatch(/ETIMEDOUT/);
    proxy.resume();
    await connection.run(ASK);
    await eventually(() => expect(proxy.connections).toBe(1));
  });

  it('is closed at once, whatever it waits for, and never opened again', async () => {
    const another = open();
    await another.run(ASK);
    proxy.stall();
    const waiting = outcomeOf(another.run(ASK));
    another.close();
    expect(await waiting).toContain('the application ends');
    proxy.resume();
    expect(await outcomeOf(another.run(ASK))).toContain('closed with the application');
    await eventually(() => expect(proxy.connections).toBe(1));
  });
});
