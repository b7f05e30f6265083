/** What a group may take of the places. */
export interface PlaceShare {
  /** At most so many at once. */
  readonly max: number;
  /** So many are kept for it: no other group may take them, also while they are free. */
  readonly reserved: number;
}

/** Those who are counted together: how many of them are inside, and their line. */
export class PlaceGroup<Waiter> {
  inside = 0;
  /** First come, first served. A Set lets go of one that gives up in constant time. */
  readonly line = new Set<Waiter>();

  constructor(readonly share: PlaceShare) {}

  get isIdle(): boolean {
    return this.inside === 0 && this.line.size === 0;
  }
}

/**
 * Lets at most `limit` in at a time, each as one of a group that has a share of the places. Within a group it is first
 * come, first served; groups that wait take turns, and one that has all it may have holds up no other. There is no time
 * limit: who waited enough gives up.
 */
export class SharedPlaces<Waiter> {
  /** The groups with a line, the one whose turn is next first. */
  private readonly waitingGroups = new Set<PlaceGroup<Waiter>>();
  /** Free places that are not reserved for anyone. */
  private unreserved: number;
  private taken = 0;

  /** @param admit is called with each that gets in, who must {@link leave} */
  constructor(
    readonly limit: number,
    private readonly admit: (waiter: Waiter, group: PlaceGroup<Waiter>) => void,
  ) {
    this.unreserved = limit;
  }

  /** A new group; one that reserves nothing may just be forgotten. @throws Error when it reserves more than is left */
  addGroup(share: PlaceShare): PlaceGroup<Waiter> {
    if (share.reserved > this.unreserved) throw new Error(`fewer than ${share.reserved} of ${this.limit} places left`);
    this.unreserved -= share.reserved;
    return new PlaceGroup<Waiter>(share);
  }

  get inside(): number {
    return this.taken;
  }

  get waiting(): number {
    let waiting = 0;
    for (const { line } of this.waitingGroups) waiting += line.size;
    return waiting;
  }

  /** Admits the waiter where there is room, before this returns: whoever comes in the same tick finds the place taken. */
  enter(group: PlaceGroup<Waiter>, waiter: Waiter): void {
    // Where someone of the group waits there is no room: whoever leaves hands the place on at once.
    if (this.take(group)) {
      this.admit(waiter, group);
      return;
    }
    group.line.add(waiter);
    this.waitingGroups.add(group);
  }

  /** Leaves the line; does nothing for a waiter who was admitted. */
  giveUp(group: PlaceGroup<Waiter>, waiter: Waiter): void {
    group.line.delete(waiter);
    if (group.line.size === 0) this.waitingGroups.delete(group);
  }

  /** Gives a place of the group back and hands it on, so that nobody who comes now gets in before those in line. */
  leave(group: PlaceGroup<Waiter>): void {
    group.inside -= 1;
    this.taken -= 1;
    if (group.inside >= group.share.reserved) this.unreserved += 1;
    for (const next of this.waitingGroups) {
      if (!this.take(next)) continue;
      this.admit(this.firstInLine(next), next);
      return;
    }
  }

  /** Empties the lines; those who stood in them. */
  dismiss(): Waiter[] {
    const dismissed = [...this.waitingGroups].flatMap(({ line }) => [...line]);
    for (const { line } of this.waitingGroups) line.clear();
    this.waitingGroups.clear();
    return dismissed;
  }

  /** Takes a place for the group, one that is reserved for it first; false when there is none. */
  private take(group: PlaceGroup<Waiter>): boolean {
    const { max, reserved } = group.share;
    if (group.inside >= reserved) {
      if (group.inside >= max || this.unreserved === 0) return false;
      this.unreserved -= 1;
    }
    group.inside += 1;
    this.taken += 1;
    return true;
  }

  /** Takes the first out of the line of a group, whose next turn comes after those of the other groups. */
  private firstInLine(group: PlaceGroup<Waiter>): Waiter {
    const [first] = group.line;
    this.waitingGroups.delete(group);
    group.line.delete(first as Waiter);
    if (group.line.size > 0) this.waitingGroups.add(group);
    return first as Waiter;
  }
}
