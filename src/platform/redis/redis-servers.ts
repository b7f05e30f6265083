import type { Cluster, Redis } from 'ioredis';
import type { ProblemReason } from '../dependencies/problem-reason.js';
import type { RedisNode } from './redis-node.js';

/** What commands are sent over: one server, or a cluster, which finds the server that has the key. */
export type RedisClient = Redis | Cluster;

/** The servers that hold the data, and which of them has a key. */
export interface RedisServers {
  /** Sends commands to the server that has their keys. */
  readonly client: RedisClient;
  /** All that hold data, as far as they are known. */
  readonly nodes: readonly RedisNode[];
  /** Why some keys can't be asked for though every known server is well; undefined when they can. */
  readonly gap: ProblemReason | undefined;
  /** Of how many of all possible keys the server is not well, as far as is known: from 0 to 1. */
  readonly shareDown: number;
  /** What to do where the servers run in another mode than the address says; undefined otherwise. */
  readonly hint: string | undefined;
  /** The server that has the key; undefined while none is known. */
  nodeOf(key: string): RedisNode | undefined;
  /** Starts connecting, and resolves when a server is there; rejects when the first attempt has failed, and goes on. */
  connect(): Promise<void>;
  disconnect(): void;
}
