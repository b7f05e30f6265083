import type { RedisScripts } from '../../../src/platform/redis/redis-scripts.js';
import type { History } from '../history/history.js';
import type { SimulatedInstance } from '../instance/simulated-instance.js';

/** A fault planted on purpose, as a patch that exists in the simulation alone: the simulation must find it. */
export interface Mutation {
  readonly name: string;
  /** What it stands for: a fault of published designs, or one that was found here. */
  readonly fault: string;
  /** Changes the text of scripts. */
  readonly scripts?: (scripts: RedisScripts) => RedisScripts;
  /** Changes an instance before it starts. */
  readonly instance?: (instance: SimulatedInstance) => void;
  /** Changes the history before it begins. */
  readonly history?: (history: History) => void;
}
