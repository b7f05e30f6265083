import { Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { RedisConnection } from '../../platform/redis/redis-connection.js';
import { defineReservationScripts } from './reservation-scripts.js';

/**
 * The connection to Redis as the stores of this folder use it: it knows their scripts before any of them can call one.
 */
@Injectable()
export class ReservationConnection {
  constructor(private readonly redis: RedisConnection) {
    defineReservationScripts(redis.client);
  }

  /** See {@link RedisConnection.requireRunId}. */
  requireRunId(): string {
    return this.redis.requireRunId();
  }

  /** See {@link RedisConnection.ping}. */
  async ping(): Promise<void> {
    await this.redis.ping();
  }

  /** See {@link RedisConnection.ask}. */
  async ask<T>(exchange: (client: Redis) => Promise<T>): Promise<T> {
    return await this.redis.ask(exchange);
  }
}
