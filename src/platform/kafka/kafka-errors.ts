import type { ProblemReason } from '../dependencies/problem-reason.js';
import { messageOf } from '../errors/error-text.js';

/** By what Kafka calls an error, or the client: whatever is not here is as if nobody answered. */
const REASONS: Readonly<Partial<Record<string, ProblemReason>>> = {
  KafkaJSRequestTimeoutError: 'TIMEOUT',
  REQUEST_TIMED_OUT: 'TIMEOUT',
  NOT_ENOUGH_REPLICAS: 'TOO_FEW_REPLICAS',
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: 'TOO_FEW_REPLICAS',
  GROUP_LOAD_IN_PROGRESS: 'LOADING',
  KAFKA_STORAGE_ERROR: 'DISK_ERROR',
  KafkaJSSASLAuthenticationError: 'NO_PERMISSION',
  SASL_AUTHENTICATION_FAILED: 'NO_PERMISSION',
  TOPIC_AUTHORIZATION_FAILED: 'NO_PERMISSION',
  GROUP_AUTHORIZATION_FAILED: 'NO_PERMISSION',
  CLUSTER_AUTHORIZATION_FAILED: 'NO_PERMISSION',
};

/** Kafka did not take what it was given. It may have it all the same, or get it later: nobody can say. */
export class KafkaUnavailableError extends Error {
  override readonly name = 'KafkaUnavailableError';
  readonly reason: ProblemReason;

  constructor(cause: unknown) {
    super(messageOf(cause), { cause });
    this.reason = reasonOf(cause);
  }
}

/** It did not say in time whether it has what it was given. */
export class KafkaTimeoutError extends Error {
  override readonly name = 'KafkaJSRequestTimeoutError';
}

/** The client wraps what it was told, once for each of its own layers. */
function reasonOf(error: unknown): ProblemReason {
  for (let each = error; each instanceof Error; each = each.cause) {
    const known = REASONS[String('type' in each ? each.type : '')] ?? REASONS[each.name];
    if (known !== undefined) return known;
  }
  return 'UNREACHABLE';
}
