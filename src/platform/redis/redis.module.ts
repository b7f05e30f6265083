import { type DynamicModule, Global, Module } from '@nestjs/common';
import { CONFIG } from '../config/config.module.js';
import type { Config } from '../config/config.schema.js';
import { OPEN_REDIS, openRedisWith } from './open-redis.js';
import { RedisConnection } from './redis-connection.js';
import { RedisSubscriber } from './redis-subscriber.js';
import type { RedisScripts } from './redis-scripts.js';

@Global()
@Module({ providers: [RedisConnection, RedisSubscriber], exports: [RedisConnection, RedisSubscriber] })
export class RedisModule {
  /** The connection, whose client has these scripts as commands from the start. */
  static forRoot(scripts: RedisScripts): DynamicModule {
    const useFactory = (config: Config) => openRedisWith(scripts, config);
    return { module: RedisModule, providers: [{ provide: OPEN_REDIS, useFactory, inject: [CONFIG] }] };
  }
}
