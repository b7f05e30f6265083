import { Injectable } from '@nestjs/common';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { RedisConnection } from '../../platform/redis/redis-connection.js';
import type { RedisNode } from '../../platform/redis/redis-node.js';

/** Name, help, and the value of a server; undefined where it is not known. */
type Shown = readonly [name: string, help: string, value: (node: RedisNode) => number | undefined];

const OF_EACH_NODE: readonly Shown[] = [
  [
    'firstcome_redis_node_up',
    '1 while the Redis master that this instance asks does what is needed of it. Instances that name different nodes do not agree who the masters are.',
    ({ isWell }) => Number(isWell),
  ],
  ['firstcome_redis_node_replicas', 'Replicas that follow the master.', ({ master }) => master?.replicas],
  [
    'firstcome_redis_node_good_replicas',
    'Replicas that follow the master closely, where it takes writes only with some (min-replicas-to-write).',
    ({ master }) => master?.goodReplicas,
  ],
  [
    'firstcome_redis_node_split_risk',
    '1 while the master takes writes without any replica: once replaced it would go on admitting.',
    ({ mayBeSplit }) => Number(mayBeSplit),
  ],
];

/** Shows how each Redis server stands that this instance asks. */
@Injectable()
export class RedisGauges {
  constructor(registry: MetricsRegistry, redis: RedisConnection) {
    for (const [name, help, value] of OF_EACH_NODE) {
      registry.gaugeFuncBy(name, help, 'node', () =>
        redis.nodes.flatMap((node) => {
          const shown = value(node);
          return shown === undefined ? [] : [[node.address, shown] as const];
        }),
      );
    }
    registry.gaugeFunc(
      'firstcome_redis_keys_down_ratio',
      'Share of all possible keys whose Redis master is not well, or not known: of a cluster, that of its slots.',
      () => redis.shareDown,
    );
  }
}
