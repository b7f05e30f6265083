/** What of the real world keeps this process alive now, by kind; our own step is an Immediate. */
function count(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (kind !== 'Immediate') counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/** Sees that nothing in the simulated world waits for the real one: a timer, a socket, a file. */
export class RealResources {
  private readonly before = count();

  /** @throws Error naming what was not there when this was made */
  assertNoneAdded(): void {
    for (const [kind, now] of count()) {
      if (now > (this.before.get(kind) ?? 0))
        throw new Error(`something real is under way in a simulated world: ${kind}`);
    }
  }
}
