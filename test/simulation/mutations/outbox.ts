import { Outbox } from '../../../src/events/outbox.js';
import { TransactionRunner } from '../../../src/platform/database/transaction-runner.js';
import type { Mutation } from './mutation.js';
import { replaceMethod } from './patches.js';

/** Faults in how is written down what others are told. */
export const OUTBOX_MUTATIONS: readonly Mutation[] = [
  {
    name: 'told-in-another-transaction',
    fault: 'the outbox is written past the deciding transaction: others are told of what is rolled back (P12)',
    instance: (instance) =>
      replaceMethod(instance, Outbox, 'write', (write) => async (_manager, _publish, events) => {
        await instance.get(TransactionRunner).run((manager, publish) => write(manager, publish, events));
      }),
  },
  {
    name: 'told-after-the-commit',
    fault: 'events are written when the decision is committed: of what dies between nobody is ever told (P12)',
    instance: (instance) =>
      replaceMethod(instance, Outbox, 'write', (write) => async (_manager, _publish, events) => {
        const later = instance.get(TransactionRunner).run((manager, publish) => write(manager, publish, events));
        later.catch(() => undefined);
      }),
  },
];
