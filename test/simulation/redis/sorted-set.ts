import type { Bound } from './numbers.js';

/** A member and its score. */
export type Scored = readonly [member: string, score: number];

/** A sorted set. Members are put in order when someone asks for a range, not with each write: writes are far more. */
export class SortedSet {
  private ordered: readonly Scored[] | undefined;

  constructor(private readonly scores = new Map<string, number>()) {}

  get size(): number {
    return this.scores.size;
  }

  /** Every member with its score, in no particular order. */
  get entries(): ReadonlyMap<string, number> {
    return this.scores;
  }

  copy(): SortedSet {
    return new SortedSet(new Map(this.scores));
  }

  scoreOf(member: string): number | undefined {
    return this.scores.get(member);
  }

  set(member: string, score: number): void {
    // Redis keeps no -0, unless the set is large.
    this.scores.set(member, score + 0);
    this.ordered = undefined;
  }

  delete(member: string): boolean {
    if (!this.scores.delete(member)) return false;
    this.ordered = undefined;
    return true;
  }

  /** All members, lowest score first, of equals the lower member first. */
  inOrder(): readonly Scored[] {
    this.ordered ??= [...this.scores].sort(
      ([member, score], [otherMember, otherScore]) => score - otherScore || compareBytes(member, otherMember),
    );
    return this.ordered;
  }

  /** The members with a score from `low` to `high`, in order. */
  between(low: Bound, high: Bound): readonly Scored[] {
    return this.inOrder().filter(
      ([, score]) =>
        (low.isExclusive ? score > low.score : score >= low.score) &&
        (high.isExclusive ? score < high.score : score <= high.score),
    );
  }
}

/** Compares texts as their bytes in UTF-8, like Redis. Code units do it, but for those of surrogate pairs. */
function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const difference = rankOf(a.charCodeAt(index)) - rankOf(b.charCodeAt(index));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** The characters of a surrogate pair (D800 to DFFF) come after all others. */
function rankOf(codeUnit: number): number {
  if (codeUnit < 0xd800) return codeUnit;
  return codeUnit < 0xe000 ? codeUnit + 0x2000 : codeUnit - 0x800;
}
