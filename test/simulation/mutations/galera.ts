import type { Mutation } from './mutation.js';

/** Faults in how the nodes of a Galera cluster are read. */
export const GALERA_MUTATIONS: readonly Mutation[] = [
  {
    name: 'reads-are-not-causal',
    fault:
      'a node of a Galera cluster answers with what it has applied so far: who was issued at another one is not found',
    history: ({ ledger }) => {
      if (ledger.galera !== undefined) ledger.galera.isCausal = false;
    },
  },
];
