import { Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import type { EntityManager } from 'typeorm';
import { Clock } from '../clock.js';
import type { ConnectionClass } from '../database/pool/connection-class.js';
import { type PublishAfterCommit, TransactionRunner } from '../database/transaction-runner.js';
import { IdempotencyInProgressError, IdempotencyKeyReusedError } from './idempotency.errors.js';
import { IdempotencyRepository, type IdempotencyScope } from './idempotency.repository.js';

/** A request that may be repeated under the same key without happening twice. */
export interface IdempotentRequest extends Pick<IdempotencyScope, 'operation'> {
  /** Whose key it is: a user, or an operator by name. */
  readonly owner: number | string;
  /** Undefined: the caller asked for no protection. */
  readonly key: string | undefined;
  /** What makes the request this one; compared by value. */
  readonly request: unknown;
  /** For whom the transaction takes its connection. */
  readonly connections: ConnectionClass;
}

/**
 * Runs a transaction once for each idempotency key. The answer is stored in the transaction of the effect, so a crash
 * leaves both or neither. A refusal stores nothing: the same key may try again.
 */
@Injectable()
export class IdempotencyService {
  constructor(
    private readonly transactions: TransactionRunner,
    private readonly repository: IdempotencyRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * The answer of `work`, or the stored one of the first request with this key; answers are plain JSON values. So a
   * caller that does not know whether a COMMIT happened asks with the same key again.
   *
   * @throws IdempotencyKeyReusedError, IdempotencyInProgressError, and what `work` throws
   */
  async run<T>(
    { operation, owner, key, request, connections }: IdempotentRequest,
    work: (manager: EntityManager, publish: PublishAfterCommit) => Promise<T>,
  ): Promise<T> {
    if (key === undefined) return await this.transactions.run(work, { connections });
    const scope = scopeOf(operation, owner, key);
    const requestHash = sha256(JSON.stringify(request));
    const once = async (manager: EntityManager, publish: PublishAfterCommit): Promise<T> => {
      const taken = await this.repository.take(manager, scope, requestHash, this.clock.now());
      if (taken === 'BUSY') throw new IdempotencyInProgressError(key);
      if (taken === 'KNOWN') return await this.replay<T>(manager, scope, requestHash, key);
      const answer = await work(manager, publish);
      await this.repository.storeAnswer(manager, scope, JSON.stringify(answer));
      return answer;
    };
    return await this.transactions.run(once, { connections });
  }

  private async replay<T>(
    manager: EntityManager,
    scope: IdempotencyScope,
    requestHash: string,
    key: string,
  ): Promise<T> {
    const stored = await this.repository.find(manager, scope);
    // Purged between the two looks: as good as in progress, the next try takes the key anew.
    if (stored === undefined) throw new IdempotencyInProgressError(key);
    if (stored.requestHash !== requestHash) throw new IdempotencyKeyReusedError(key);
    return JSON.parse(stored.answer) as T;
  }
}

/** The table knows owners by their ids. No user is 0: there the key of an operator is a digest of the name and the key. */
function scopeOf(operation: string, owner: number | string, key: string): IdempotencyScope {
  if (typeof owner === 'number') return { operation, ownerId: owner, key };
  return { operation, ownerId: 0, key: sha256(JSON.stringify([owner, key])) };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
