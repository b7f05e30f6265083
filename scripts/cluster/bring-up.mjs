/** The order in which a new set starts: what does not need each other at once. */
import { isReady, migrate } from './app-member.mjs';
import { wellInstances } from './balancer-member.mjs';
import { joinBrokers } from './kafka-members.mjs';
import { ofKind } from './plan.mjs';
import { joinSentinels, joinServers } from './redis-members.mjs';
import { startMember } from './start-member.mjs';
import { until } from './until.mjs';

/** @import { Kind, Member, Plan } from './plan.mjs' */
/** @import { UpOptions } from './set.mjs' */

/**
 * Resolves when every instance is ready and the balancer takes it for well. Throws when one of the processes cannot be
 * started, or when it is asked to end; `endAll` ends those that are just starting.
 * @type {(plan: Plan, options: UpOptions, endAll: () => Promise<void>) => Promise<void>}
 */
export async function bringUp(plan, { dir, env = {}, build, say, signal }, endAll) {
  const ending = new AbortController();
  const onAbort = () => ending.abort(signal.reason);
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  /** @type {Promise<void> | undefined} */
  let ended;
  ending.signal.addEventListener('abort', () => {
    ended = endAll();
  });

  const site = { dir, plan, env };
  const startOne = async (/** @type {Member} */ member) => {
    ending.signal.throwIfAborted();
    await startMember(site, member);
  };
  const start = (/** @type {Kind[]} */ ...kinds) =>
    together(
      ending,
      kinds.flatMap((kind) => ofKind(plan, kind)).map((member) => () => startOne(member)),
    );

  // One after the other: each copies all that one of those before it has.
  const startNodes = async () => {
    for (const node of ofKind(plan, 'galera')) await startOne(node);
  };

  try {
    say(`Starting ${plan.members.length} processes`);
    await together(ending, [
      async () => {
        await start('redis');
        await joinServers(plan, ending.signal);
        await start('sentinel');
        await joinSentinels(plan, ending.signal);
      },
      async () => {
        await together(ending, [build, () => start('mysql'), startNodes]);
        await migrate(plan, env, ending.signal);
      },
      async () => {
        await start('kafka');
        await joinBrokers(plan, ending.signal);
      },
      () => start('dns', 'balancer'),
    ]);
    await start('app');
    await together(ending, [() => allWell(plan, ending.signal)]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    await ended;
  }
}

/** @param {Plan} plan @param {AbortSignal} signal */
async function allWell(plan, signal) {
  const apps = ofKind(plan, 'app');
  let missing = '';
  await until(
    signal,
    () => `not ready: ${missing}`,
    async () => {
      const ready = await Promise.all(apps.map((app) => isReady(app)));
      missing = apps
        .filter((_app, index) => !ready[index])
        .map(({ name }) => name)
        .join(', ');
      return missing === '';
    },
  );
  await until(
    signal,
    'the balancer does not take every instance for well',
    async () => (await wellInstances(plan)) === apps.length,
  );
}

/**
 * Does all of this at once. The first that fails ends the others, and is thrown when nothing goes on any more.
 * @type {(ending: AbortController, works: Array<() => Promise<unknown>>) => Promise<void>}
 */
async function together(ending, works) {
  await Promise.allSettled(
    works.map(async (work) => {
      try {
        await work();
      } catch (error) {
        ending.abort(error);
      }
    }),
  );
  ending.signal.throwIfAborted();
}
