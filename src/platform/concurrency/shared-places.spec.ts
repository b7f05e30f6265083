import { beforeEach, describe, expect, it } from '@jest/globals';
import { type PlaceGroup, SharedPlaces } from './shared-places.js';

let admitted: string[];
let places: SharedPlaces<string>;

beforeEach(() => {
  admitted = [];
});

function open(limit: number): void {
  places = new SharedPlaces(limit, (waiter) => admitted.push(waiter));
}

function enter(group: PlaceGroup<string>, ...waiters: string[]): void {
  for (const waiter of waiters) places.enter(group, waiter);
}

describe('one group', () => {
  let group: PlaceGroup<string>;

  beforeEach(() => {
    open(2);
    group = places.addGroup({ max: 2, reserved: 0 });
    enter(group, 'a', 'b', 'c', 'd');
  });

  it('is admitted at once while there is room, and then in the order in which they came', () => {
    expect(admitted).toEqual(['a', 'b']);
    expect([places.inside, places.waiting]).toEqual([2, 2]);
    places.leave(group);
    expect(admitted).toEqual(['a', 'b', 'c']);
    // Nobody who comes now gets in before the next in line.
    enter(group, 'e');
    places.leave(group);
    expect(admitted).toEqual(['a', 'b', 'c', 'd']);
  });

  it('is passed over where one has given up', () => {
    places.giveUp(group, 'c');
    places.leave(group);
    expect(admitted).toEqual(['a', 'b', 'd']);
  });

  it('has room again once those inside have left and nobody waits', () => {
    expect(places.dismiss()).toEqual(['c', 'd']);
    places.leave(group);
    expect([places.inside, places.waiting]).toEqual([1, 0]);
    enter(group, 'e');
    expect(admitted).toEqual(['a', 'b', 'e']);
  });

  it('is idle when nobody is inside or in line', () => {
    for (let left = 0; left < 4; left += 1) {
      expect(group.isIdle).toBe(false);
      places.leave(group);
    }
    expect([group.isIdle, places.inside]).toEqual([true, 0]);
  });
});

describe('several groups', () => {
  it('may each have no more than their share, and whoever is full holds up no other', () => {
    open(4);
    const [one, other] = [places.addGroup({ max: 2, reserved: 0 }), places.addGroup({ max: 2, reserved: 0 })];
    enter(one, 'a', 'b', 'c');
    expect(admitted).toEqual(['a', 'b']);
    enter(other, 'x', 'y', 'z');
    expect(admitted).toEqual(['a', 'b', 'x', 'y']);
    places.leave(other);
    expect(admitted.at(-1)).toBe('z');
    places.leave(other);
    expect([admitted.length, one.line.size, places.inside]).toEqual([5, 1, 3]);
  });

  it('leave free what others have reserved, also when it is not in use', () => {
    open(4);
    const [one, other] = [places.addGroup({ max: 4, reserved: 1 }), places.addGroup({ max: 4, reserved: 2 })];
    enter(one, 'a', 'b', 'c', 'd');
    expect(admitted).toEqual(['a', 'b']);
    enter(other, 'x', 'y', 'z');
    expect(admitted).toEqual(['a', 'b', 'x', 'y']);
    // A reserved place that is left is for its own group only, here for z.
    places.leave(other);
    expect(admitted.at(-1)).toBe('z');
    places.leave(other);
    expect([admitted.length, places.inside, one.line.size]).toEqual([5, 3, 2]);
    // The one place that nobody reserved goes to whoever is in line for it.
    places.leave(one);
    expect(admitted.at(-1)).toBe('c');
  });

  it('take turns at a place that is for all, however long the line of one of them is', () => {
    open(1);
    const [one, other] = [places.addGroup({ max: 1, reserved: 0 }), places.addGroup({ max: 1, reserved: 0 })];
    enter(one, 'a', 'b', 'c', 'd');
    enter(other, 'x', 'y');
    places.leave(one);
    places.leave(one);
    places.leave(other);
    places.leave(one);
    expect(admitted).toEqual(['a', 'b', 'x', 'c', 'y']);
  });

  it('cannot reserve more than there is', () => {
    open(3);
    places.addGroup({ max: 3, reserved: 2 });
    expect(() => places.addGroup({ max: 3, reserved: 2 })).toThrow('fewer than 2 of 3 places left');
  });
});
