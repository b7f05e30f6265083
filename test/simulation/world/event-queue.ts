import type { Party } from './party.js';

/** Something that happens at a moment of virtual time. */
export interface WorldEvent {
  /** In milliseconds. */
  at: number;
  /** Of two at the same moment the one that was planned first comes first. */
  order: number;
  /** What it is, in one of a few texts: they go into the hash of the history. */
  readonly label: string;
  readonly run: () => void;
  /** To whom it happens: not at all when that one is dead by then, later while it is frozen. */
  readonly party: Party | undefined;
  isCancelled: boolean;
}

/** A binary heap: the earliest event first. */
export class EventQueue {
  private readonly heap: WorldEvent[] = [];

  get size(): number {
    return this.heap.length;
  }

  add(event: WorldEvent): void {
    const { heap } = this;
    let index = heap.length;
    heap.push(event);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (isBefore(heap[parent] as WorldEvent, event)) break;
      heap[index] = heap[parent] as WorldEvent;
      index = parent;
    }
    heap[index] = event;
  }

  /** Takes the earliest one out. */
  next(): WorldEvent | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      const right = child + 1;
      if (right < heap.length && isBefore(heap[right] as WorldEvent, heap[child] as WorldEvent)) child = right;
      if (isBefore(last, heap[child] as WorldEvent)) break;
      heap[index] = heap[child] as WorldEvent;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(one: WorldEvent, other: WorldEvent): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
