import { SweepService } from '../../../src/coupon/issuance/sweep.service.js';
import type { Mutation } from './mutation.js';
import { replacePrivate } from './patches.js';

type IssueAgain = (couponId: number, upTo: number) => Promise<void>;

/** Faults of a Kafka between admission and ledger. */
export const KAFKA_MUTATIONS: readonly Mutation[] = [
  {
    name: 'with-kafka-nobody-sweeps',
    fault: 'what was given to Kafka is left to Kafka: a message that it loses is a slot that nobody gets',
    instance: (instance) =>
      replacePrivate<IssueAgain>(instance, SweepService, 'issueAgain', (issueAgain) => async (couponId, upTo) => {
        if (!instance.isUsingKafka) await issueAgain(couponId, upTo);
      }),
  },
];
