import { RedisConnection } from '../../../src/platform/redis/redis-connection.js';
import type { SimulatedInstance } from '../instance/simulated-instance.js';
import type { Mutation } from './mutation.js';
import { replaceIn, replaceMethod } from './patches.js';

type Exchange = (beside: Beside, runId: string) => Promise<unknown>;

interface Beside {
  readonly duplicate: (options: object) => Beside;
  readonly pipeline: () => Pipeline;
}

interface Pipeline {
  readonly ping: () => Pipeline;
  readonly wait: (replicas: number, ms: number) => Pipeline;
  readonly exec: () => Promise<unknown[]>;
}

/** Faults in how is waited until replicas have a reservation. */
export const REPLICA_MUTATIONS: readonly Mutation[] = [
  {
    name: 'an-answer-before-its-replicas',
    fault: 'nobody waits for the replicas that are asked for: who was told RESERVED is lost with the master',
    instance: (instance) => replaceMethod(instance, RedisConnection, 'replicated', () => async () => undefined),
  },
  {
    name: 'a-wait-without-its-ping',
    fault:
      'WAIT counts from the last command of its own connection: without a PING before it, it has nothing to wait for',
    instance: waitWithoutPing,
  },
];

/** Of a single Redis; the servers of a cluster come and go. */
function waitWithoutPing(instance: SimulatedInstance): void {
  for (const node of instance.get(RedisConnection).nodes) {
    replaceIn<Exchange>(node['replicaWait'], 'exchange', (exchange) => async (beside, runId) => {
      return await exchange(withoutPing(beside), runId);
    });
  }
}

function withoutPing(client: Beside): Beside {
  const changed: Partial<Beside> = {
    duplicate: (options) => withoutPing(client.duplicate(options)),
    pipeline: () => {
      const pipeline = client.pipeline();
      const silent: Pipeline = {
        ping: () => silent,
        wait: (replicas, ms) => {
          pipeline.wait(replicas, ms);
          return silent;
        },
        exec: async () => [[null, 'PONG'], ...(await pipeline.exec())],
      };
      return silent;
    },
  };
  return new Proxy(client, {
    get: (target, name) => {
      const value: unknown = Reflect.get(changed, name) ?? Reflect.get(target, name);
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
    },
  });
}
