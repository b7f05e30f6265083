import { Courier } from '../../../src/events/relay/courier.service.js';
import { RelayLeaseRepository } from '../../../src/events/relay/relay-lease.repository.js';
import type { Sink } from '../../../src/events/relay/sink.js';
import type { SimulatedInstance } from '../instance/simulated-instance.js';
import type { Mutation } from './mutation.js';
import { replaceMethod } from './patches.js';

const DELIVERED = { isDelivered: true, responseStatus: 204, error: null };
const FOR_EVER_MS = 1e9;

/** Faults in how other systems are told. */
export const RELAY_MUTATIONS: readonly Mutation[] = [
  {
    name: 'noted-before-it-is-sent',
    fault:
      'a delivery is noted when it is handed over, and not when it is acknowledged: what dies on the way is never told',
    instance: (instance) =>
      withSinks(instance, (sink) => ({
        send: async (events, over) => {
          void sink.send(events, over);
          return DELIVERED;
        },
      })),
  },
  {
    name: 'whatever-a-sink-answers-is-well',
    fault: 'an answer of 500, or none at all, counts as delivered',
    instance: (instance) =>
      withSinks(instance, (sink) => ({
        send: async (events, over) => {
          await sink.send(events, over);
          return DELIVERED;
        },
      })),
  },
  {
    name: 'a-lease-without-an-end',
    fault: 'the lease of the relay has no end: when its instance dies nobody tells any more',
    instance: (instance) =>
      replaceMethod(instance, RelayLeaseRepository, 'take', (take) => async (owner) => await take(owner, FOR_EVER_MS)),
  },
];

function withSinks(instance: SimulatedInstance, change: (sink: Sink) => Pick<Sink, 'send'>): void {
  replaceMethod(instance, Courier, 'deliver', (deliver) => async (sink, term, due) => {
    const { kind, key, isActive, maxBatch, maxConcurrent } = sink;
    const wants = sink.wants.bind(sink);
    return await deliver({ kind, key, isActive, maxBatch, maxConcurrent, wants, ...change(sink) }, term, due);
  });
}
