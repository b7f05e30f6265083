import { isDeepStrictEqual } from 'node:util';
import type { Audience, CodeFormat, Coupon, Strategy } from '../coupon.entity.js';
import { type Challenge, type Entry, OPEN_ENTRY } from '../entry-terms.js';

/** What a promotion is, without what has been counted. `version` grows with every change. Times in ms since 1970. */
export interface CouponDefinition {
  readonly couponId: number;
  readonly name: string;
  /** How many slots there are: the total, and those that revocations gave back. */
  readonly capacity: number;
  readonly startsAt: number;
  readonly expiresAt: number;
  readonly isActive: boolean;
  readonly audience: Audience;
  readonly strategy: Strategy;
  readonly codeFormat: CodeFormat;
  readonly entry: Entry;
  /** As it was set; null: see entry-terms.ts. */
  readonly entryOpensAt: number | null;
  readonly entrySpreadSeconds: number;
  readonly challenge: Challenge;
  readonly version: number;
}

export function definitionOf(coupon: Coupon): CouponDefinition {
  return {
    couponId: coupon.id,
    name: coupon.name,
    capacity: coupon.capacity,
    startsAt: coupon.startsAt.getTime(),
    expiresAt: coupon.expiresAt.getTime(),
    isActive: coupon.isActive,
    audience: coupon.audience,
    strategy: coupon.strategy,
    codeFormat: coupon.codeFormat,
    entry: coupon.entry,
    entryOpensAt: coupon.entryOpensAt?.getTime() ?? null,
    entrySpreadSeconds: coupon.entrySpreadSeconds,
    challenge: coupon.challenge,
    version: coupon.version,
  };
}

/** True when both say the same, whatever their versions. */
export function sameDefinition(one: CouponDefinition, other: CouponDefinition): boolean {
  return isDeepStrictEqual({ ...one, version: 0 }, { ...other, version: 0 });
}

/** The fields of the `state` hash, as the scripts read them: field, value, field, value ... */
export function toStateFields(definition: CouponDefinition): string[] {
  return [
    ['name', definition.name],
    ['total', definition.capacity],
    ['startsAt', definition.startsAt],
    ['expiresAt', definition.expiresAt],
    ['active', definition.isActive ? 1 : 0],
    ['audience', definition.audience],
    ['strategy', definition.strategy],
    ['codeFormat', definition.codeFormat],
    ['entry', definition.entry],
    // Always written: a field that is left out would keep what it had.
    ['entryOpensAt', definition.entryOpensAt ?? ''],
    ['entrySpreadSeconds', definition.entrySpreadSeconds],
    ['challenge', definition.challenge],
    ['version', definition.version],
  ].flatMap(([field, value]) => [String(field), String(value)]);
}

/** The `state` hash as a script answers it: field, value, field, value ... */
export function stateOf(fields: readonly string[]): Record<string, string> {
  const state: Record<string, string> = {};
  for (let index = 0; index + 1 < fields.length; index += 2)
    state[fields[index] as string] = fields[index + 1] as string;
  return state;
}

/**
 * The definition in a `state` hash, or undefined when there is none. An instance from before there were entry tickets
 * writes none of their fields.
 */
export function fromState(couponId: number, state: Readonly<Record<string, string>>): CouponDefinition | undefined {
  if (state.version === undefined) return undefined;
  return {
    couponId,
    name: state.name ?? '',
    capacity: Number(state.total),
    startsAt: Number(state.startsAt),
    expiresAt: Number(state.expiresAt),
    isActive: state.active === '1',
    audience: state.audience as Audience,
    strategy: state.strategy as Strategy,
    codeFormat: state.codeFormat as CodeFormat,
    entry: (state.entry ?? OPEN_ENTRY.entry) as Entry,
    entryOpensAt: state.entryOpensAt ? Number(state.entryOpensAt) : null,
    entrySpreadSeconds: Number(state.entrySpreadSeconds ?? OPEN_ENTRY.entrySpreadSeconds),
    challenge: (state.challenge ?? OPEN_ENTRY.challenge) as Challenge,
    version: Number(state.version),
  };
}
