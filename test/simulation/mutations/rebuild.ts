import { LedgerRepository } from '../../../src/coupon/ledger.repository.js';
import { RebuildRepository } from '../../../src/coupon/reservation/rebuild.repository.js';
import { RebuildService } from '../../../src/coupon/reservation/rebuild.service.js';
import { RebuildStore } from '../../../src/coupon/reservation/rebuild.store.js';
import type { SimulatedInstance } from '../instance/simulated-instance.js';
import type { Mutation } from './mutation.js';
import { inAllScripts, inScript, replaceMethod, replacePrivate, together } from './patches.js';

type CopyUsers = (couponId: number, token: string) => Promise<number | undefined>;

const LOCK_NAMES_SERVER = "return token .. '@' .. serverIdentity()";
const ALL_ARE_THERE = " or redis.call('SCARD', KEYS[7]) ~= tonumber(ARGV[2])";

/** Small, as the histories are. */
const PAGE = 3;

/** Faults in how the keys of a coupon are filled from MySQL. */
export const REBUILD_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a-rebuild-copies-nobody',
    fault: 'lost keys are filled with the full stock and nobody who has a coupon (P6)',
    instance: (instance) => replacePrivate<CopyUsers>(instance, RebuildService, 'copyUsers', () => async () => 0),
  },
  {
    name: 'a-rebuild-forgets-who-is-pending',
    fault: 'a rebuild gives slots to those who have rows alone: who is pending is admitted again',
    scripts: inScript('swapRebuilt', 'for first = 0, pending - 1, page do', 'for first = 0, -1, page do'),
  },
  {
    name: 'a-rebuild-copies-before-it-closes',
    fault: 'users are read before the coupon is closed: who commits behind the copy is admitted twice',
    instance: copyBeforeClosing,
  },
  {
    name: 'a-rebuild-does-not-close',
    fault: 'a coupon stays open while its users are copied: who commits behind the copy is admitted twice',
    scripts: inScript('beginRebuild', "redis.call('DEL', KEYS[1])", ''),
  },
  {
    name: 'a-rebuild-looks-at-no-token',
    fault: 'the steps of a rebuild do not look whose lock it is: one that was frozen goes on after another has opened',
    scripts: together(
      inScript('swapRebuilt', "redis.call('GET', KEYS[6]) ~= lockOf(ARGV[1]) or ", ''),
      inScript('addRebuiltUsers', "redis.call('GET', KEYS[1]) ~= lockOf(ARGV[1])", 'false'),
    ),
  },
  {
    name: 'a-rebuild-goes-on-after-a-fail-over',
    fault:
      'the lock of a rebuild names no server, and the swap is not told how many users: it opens without those that the replica has missed',
    scripts: together(inAllScripts(LOCK_NAMES_SERVER, 'return token'), inScript('swapRebuilt', ALL_ARE_THERE, '')),
  },
  {
    name: 'a-rebuild-lock-without-ttl',
    fault: 'the lock of a rebuild lives for ever: one whose process has died keeps the coupon closed',
    scripts: inScript('beginRebuild', ", 'PX', ARGV[2])", ')'),
  },
  {
    name: 'numbers-are-not-raised-after-a-loss',
    fault:
      'after a loss the sequence goes on at the greatest number that is known: numbers of unknown reservations are given again',
    instance: (instance) =>
      replaceMethod(
        instance,
        RebuildRepository,
        'raiseSequenceBase',
        () => async (manager, couponId, greatestKnown) => {
          await instance.get(RebuildRepository).keepSequenceBase(manager, couponId, greatestKnown);
        },
      ),
  },
];

function copyBeforeClosing(instance: SimulatedInstance): void {
  const read = new Map<string, number[]>();
  replaceMethod(instance, RebuildStore, 'beginRebuild', (begin) => async (couponId, token, options) => {
    read.set(token, await readUsers(instance, couponId));
    return await begin(couponId, token, options);
  });
  replacePrivate<CopyUsers>(instance, RebuildService, 'copyUsers', () => async (couponId, token) => {
    const userIds = read.get(token) ?? [];
    read.delete(token);
    if (userIds.length === 0) return 0;
    const isAdded = await instance.get(RebuildStore).addRebuiltUsers(couponId, token, userIds);
    return isAdded ? userIds.length : undefined;
  });
}

async function readUsers(instance: SimulatedInstance, couponId: number): Promise<number[]> {
  const userIds: number[] = [];
  for (;;) {
    const page = await instance.get(LedgerRepository).usersAfter(couponId, userIds.at(-1) ?? 0, PAGE);
    if (page.length === 0) return userIds;
    userIds.push(...page);
  }
}
