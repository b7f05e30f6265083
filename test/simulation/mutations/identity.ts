import { SeenNumbers } from '../../../src/coupon/reservation/seen-numbers.js';
import type { Mutation } from './mutation.js';
import { inAllScripts, replaceMethod } from './patches.js';

const IDENTITY = "  return runId .. ':' .. replicationId, runId\nend\n";

/** Every script takes the coupon's keys for those of the server that runs it, where `isTrusted` says so in Lua. */
function trusting(isTrusted: string): Mutation['scripts'] {
  return inAllScripts(
    IDENTITY,
    `${IDENTITY}
if string.find(KEYS[1], ':state$') then
  local filledBy = redis.pcall('HGET', KEYS[1], 'server')
  local server = serverIdentity()
  if type(filledBy) == 'string' and filledBy ~= server and ${isTrusted} then
    redis.pcall('HSET', KEYS[1], 'server', server)
  end
end
`,
  );
}

/** Faults in how a Redis is noticed that may hold less than it held before. */
export const IDENTITY_MUTATIONS: readonly Mutation[] = [
  {
    name: 'no-identity-of-the-server',
    fault: 'nobody asks who answers: a Redis that came back with old contents gives numbers again',
    scripts: trusting('true'),
  },
  {
    name: 'the-run-id-is-the-identity',
    fault:
      'the same process that goes back in time (replicaof, fail-over and back) passes for one that lost nothing, and no instance remembers numbers',
    scripts: trusting("string.match(filledBy, '^%w*') == string.match(server, '^%w*')"),
    instance: (instance) => replaceMethod(instance, SeenNumbers, 'see', () => () => undefined),
  },
];
