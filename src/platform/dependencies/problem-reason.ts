/**
 * Why Redis, MySQL or Kafka does not do what we need of it. These words are all that leaves the process: what the server said
 * is for the log, since it names hosts and accounts.
 */
export const PROBLEM_REASONS = [
  /** No connection, or it broke. */
  'UNREACHABLE',
  /** It was asked and did not answer in time. */
  'TIMEOUT',
  /** It takes no writes: a replica, or a server that is being maintained. */
  'READ_ONLY',
  'OUT_OF_MEMORY',
  /** It takes writes only while enough replicas follow it. */
  'TOO_FEW_REPLICAS',
  /** It cannot write to its disk. */
  'DISK_ERROR',
  /** It has just started, and reads its data. */
  'LOADING',
  /** A wrong password, or an account without the rights that we need. */
  'NO_PERMISSION',
  /** It lacks what the others have: a node that has not joined its cluster, or a schema that was not migrated. */
  'NOT_SYNCED',
] as const;

export type ProblemReason = (typeof PROBLEM_REASONS)[number];
