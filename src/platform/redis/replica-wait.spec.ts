import { describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { setImmediate as turn } from 'node:timers/promises';
import type { Config } from '../config/config.schema.js';
import { ReplicaWait } from './replica-wait.js';

const RUN_ID = '3c61e0';

type Exchange = () => Promise<number>;

/** A master whose WAITs are answered by the test; what it was sent over the other connection, in its order. */
class Master {
  readonly sent: string[] = [];
  readonly opened: object[] = [];
  runId = RUN_ID;
  private readonly exchanges: Exchange[] = [];

  /** The next WAIT ends in this way. */
  answers(exchange: Exchange): void {
    this.exchanges.push(exchange);
  }

  /** The client of the connection that is there already. */
  asRedis(): Redis {
    const beside = {
      on: () => beside,
      connect: () => Promise.resolve(),
      disconnect: () => this.sent.push('closed'),
      info: () => Promise.resolve(`run_id:${this.runId}\r\n`),
      pipeline: () => this.pipeline(),
    };
    const stream = { remoteAddress: '10.0.0.1', remotePort: 6379 };
    const duplicate = (options: object): object => {
      this.opened.push(options);
      return beside;
    };
    return { stream, options: {}, duplicate } as unknown as Redis;
  }

  private pipeline() {
    const pipeline = {
      ping: () => {
        this.sent.push('ping');
        return pipeline;
      },
      wait: (replicas: number, ms: number) => {
        this.sent.push(`wait ${replicas} ${ms}`);
        return pipeline;
      },
      exec: async () => {
        const exchange = this.exchanges.shift();
        return [
          [null, 'PONG'],
          [null, await exchange?.()],
        ];
      },
    };
    return pipeline;
  }
}

function replicaWait({ waitReplicas = 1 } = {}): ReplicaWait {
  return new ReplicaWait({ waitReplicas, waitTimeoutMs: 100, commandTimeoutMs: 1000 } as Config['redis']);
}

describe('the wait for replicas', () => {
  it('asks over another connection to the very address, and pings first', async () => {
    const master = new Master();
    master.answers(() => Promise.resolve(1));
    await replicaWait().run(master.asRedis(), RUN_ID);
    expect(master.sent).toEqual(['ping', 'wait 1 100']);
    expect(master.opened).toEqual([expect.objectContaining({ host: '10.0.0.1', port: 6379, sentinels: null })]);
  });

  it('is shared by those who come while one is under way, since that may have begun before', async () => {
    const master = new Master();
    const wait = replicaWait();
    const answers: Array<(replicas: number) => void> = [];
    master.answers(() => new Promise((resolve) => answers.push(resolve)));
    master.answers(() => Promise.resolve(1));
    const client = master.asRedis();
    const first = wait.run(client, RUN_ID);
    await turn();
    const later = [wait.run(client, RUN_ID), wait.run(client, RUN_ID)];
    await turn();
    expect(master.sent).toEqual(['ping', 'wait 1 100']);
    answers[0]?.(1);
    await Promise.all([first, ...later]);
    expect(master.sent).toEqual(['ping', 'wait 1 100', 'ping', 'wait 1 100']);
  });

  it('fails when fewer replicas have it, for those alone who waited for it', async () => {
    const master = new Master();
    const wait = replicaWait({ waitReplicas: 2 });
    master.answers(() => Promise.resolve(1));
    master.answers(() => Promise.resolve(2));
    const client = master.asRedis();
    const reason = 'TOO_FEW_REPLICAS';
    const first = expect(wait.run(client, RUN_ID)).rejects.toMatchObject({ name: 'RedisUnavailableError', reason });
    await turn();
    const second = wait.run(client, RUN_ID);
    await Promise.all([first, second]);
  });

  it('opens another connection after one that broke', async () => {
    const master = new Master();
    const wait = replicaWait();
    master.answers(() => Promise.reject(new Error('Connection is closed.')));
    master.answers(() => Promise.resolve(1));
    const client = master.asRedis();
    await expect(wait.run(client, RUN_ID)).rejects.toMatchObject({ reason: 'UNREACHABLE' });
    await wait.run(client, RUN_ID);
    expect(master.opened).toHaveLength(2);
  });

  it('leaves a connection that was not open yet when the one to the master was lost', async () => {
    const master = new Master();
    const wait = replicaWait();
    const client = master.asRedis();
    const waiting = wait.run(client, RUN_ID);
    await Promise.resolve();
    master.answers(() => Promise.resolve(1));
    master.answers(() => Promise.resolve(1));
    wait.close();
    await waiting;
    master.runId = 'the next one';
    await wait.run(client, 'the next one');
    expect(master.opened).toHaveLength(2);
    expect(master.sent.filter((word) => word === 'closed')).toHaveLength(1);
  });

  it('trusts no other process that answers at the address', async () => {
    const master = new Master();
    master.runId = 'another';
    await expect(replicaWait().run(master.asRedis(), RUN_ID)).rejects.toMatchObject({ name: 'RedisUnavailableError' });
    expect(master.sent).toEqual(['closed']);
  });
});
