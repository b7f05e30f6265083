/**
 * For each script, every kind of result that its header documents. `n` stands for any number above 0, `...` for
 * whatever comes after.
 */
export const SCRIPT_RESULTS: Readonly<Record<string, readonly string[]>> = {
  reserveCoupon: ['-1', '-2', '-3', '-4', '-5', '-6', 'n'],
  confirmReservations: ['0 ...', 'n ...'],
  releaseReservations: ['-1 ...', '0 ...', 'n ...'],
  releaseLeaked: ['-1', '0', 'n'],
  discardReservations: ['0', 'n'],
  readDefinition: ['', '...'],
  publishDefinition: ['-1', '0', 'n'],
  lowerTotal: ['-1', '-2', '-3', 'n'],
  inspectCoupon: ['0 ...', 'n ...'],
  forgetCoupon: ['0', 'n'],
  beginRebuild: ['-3', '-1', '0 ...', 'n ...'],
  renewRebuild: ['0', 'n'],
  addRebuiltUsers: ['0', 'n'],
  swapRebuilt: ['0', 'n'],
  endRebuild: ['0', 'n'],
  countOrders: ['0 0', '0 n', 'n 0', 'n n'],
  uncountOrders: ['0 0', '0 n', 'n 0', 'n n'],
  topProducts: ['-1', 'n', 'n ...'],
  productRank: ['-1', 'n', 'n ...'],
  sinceReconcile: ['-1', 'n'],
  beginReconcile: ['n'],
  endReconcile: ['0', 'n'],
  giveBackTurn: ['0', 'n'],
};

/** What kinds of result a reply of this script is: one for each user, where it decides about several. */
export function resultsOf(script: string, reply: unknown): string[] {
  if (!Array.isArray(reply)) return [kindOf(reply)];
  if (script === 'reserveCoupon') return reply.map(kindOf);
  if (script === 'countOrders' || script === 'uncountOrders') return [reply.map(kindOf).join(' ')];
  if (script === 'readDefinition') return [reply.length === 0 ? '' : '...'];
  return [[kindOf(reply[0]), ...(reply.length > 1 ? ['...'] : [])].join(' ')];
}

function kindOf(value: unknown): string {
  return typeof value === 'number' && value > 0 ? 'n' : String(value);
}
