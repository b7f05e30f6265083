import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Redis } from 'ioredis';
import { OPEN_REDIS, type OpenRedis, RedisConnection } from './redis-connection.js';
import type { RedisScripts } from './redis-scripts.js';

@Global()
@Module({ providers: [RedisConnection], exports: [RedisConnection] })
export class RedisModule {
  /** The connection, whose client has these scripts as commands from the start. */
  static forRoot(scripts: RedisScripts): DynamicModule {
    return { module: RedisModule, providers: [{ provide: OPEN_REDIS, useValue: openRedisWith(scripts) }] };
  }
}

export function openRedisWith(scripts: RedisScripts): OpenRedis {
  return (url, options) => new Redis(url, { ...options, scripts });
}
