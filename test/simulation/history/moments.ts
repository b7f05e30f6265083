import { Chance } from '../world/chance.js';

/** Until when faults strike and operators change things; then all is well, and must become so. */
export const FAULTS_END_MS = 25_000;

/** Most of what happens, happens this close to a moment. */
const SPREAD_MS = 1500;

/**
 * When things happen. Most of them come together at a few moments: what is spread evenly hits nothing that is under way,
 * since a reservation is decided within a hundredth of a second.
 */
export class Moments {
  private readonly moments: readonly number[];

  constructor(seed: number) {
    const chance = new Chance(seed, 'moments');
    this.moments = Array.from({ length: chance.between(1, 3) }, () => chance.below(FAULTS_END_MS));
  }

  /** A time in milliseconds at which something happens. */
  draw(chance: Chance): number {
    const anyTime = chance.below(FAULTS_END_MS);
    if (chance.is(0.3)) return anyTime;
    const near = chance.pick(this.moments) + (chance.next() + chance.next() - 1) * SPREAD_MS;
    return Math.round(Math.min(Math.max(near, 0), FAULTS_END_MS));
  }
}
