import { Injectable } from '@nestjs/common';
import { RedisConnection } from '../../platform/redis/redis-connection.js';
import { type CouponDefinition, fromState, stateOf, toStateFields } from './coupon-definition.js';
import { reservationKeys as keys, scriptKeys } from './reservation-keys.js';

const LOWERINGS: Readonly<Record<number, 'LOWERED' | 'NOT_LOADED' | 'NOT_NEWER'>> = {
  [-1]: 'LOWERED',
  [-2]: 'NOT_LOADED',
  [-3]: 'NOT_NEWER',
};

/** What became of a smaller capacity; `reserved`, when more slots than that are held. */
export type Lowering = (typeof LOWERINGS)[number] | { readonly reserved: number };

/** The definitions as Redis has them. Every method throws RedisUnavailableError when Redis can't be asked. */
@Injectable()
export class DefinitionStore {
  constructor(private readonly redis: RedisConnection) {}

  /** Writes the definition when it is newer than the one that is there. */
  async publish(definition: CouponDefinition): Promise<'PUBLISHED' | 'NOT_NEWER' | 'NOT_LOADED'> {
    const answer = await this.redis.ask(keys.state(definition.couponId), (client) =>
      client.publishDefinition(keys.state(definition.couponId), definition.version, ...toStateFields(definition)),
    );
    return answer === 1 ? 'PUBLISHED' : answer === 0 ? 'NOT_NEWER' : 'NOT_LOADED';
  }

  /** Writes a newer definition with a smaller capacity, unless more slots are held already: then how many. */
  async lower(definition: CouponDefinition): Promise<Lowering> {
    const id = definition.couponId;
    const answer = await this.redis.ask(keys.state(id), (client) =>
      client.lowerTotal(...scriptKeys(id), definition.version, definition.capacity, ...toStateFields(definition)),
    );
    return LOWERINGS[answer] ?? { reserved: answer };
  }

  /** The definition that is published in Redis, or undefined when the coupon has no state that this server filled. */
  async definition(couponId: number): Promise<CouponDefinition | undefined> {
    const key = keys.state(couponId);
    return fromState(couponId, stateOf(await this.redis.ask(key, (client) => client.readDefinition(key))));
  }

  /** Takes the state of a coupon away, which closes it: one that exists no longer. */
  async close(couponId: number): Promise<void> {
    const key = keys.state(couponId);
    await this.redis.ask(key, (client) => client.del(key));
  }
}
