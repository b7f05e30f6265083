import type { Chance } from '../world/chance.js';

/** How long a node takes as a rule to apply what was committed at another one. */
const USUAL_LAG_MS = 20;

/** What a cluster needs of the world. */
export interface GaleraOptions {
  /** Virtual time. */
  readonly now: () => number;
  readonly chance: Chance;
}

/**
 * The nodes of a Galera cluster over one ledger. Every commit has a place in one order; each node has applied a beginning
 * of it. Row locks hold on their own node alone: of two transactions of different nodes that change a row only one can
 * commit, and the other hears of a deadlock at COMMIT.
 */
export class GaleraCluster {
  /** Whether reads wait until their node has what was committed elsewhere (`wsrep_sync_wait`). */
  isCausal = true;
  private readonly commits: number[] = [];
  private readonly nodes = new Map<string, GaleraNode>();

  constructor(private readonly options: GaleraOptions) {}

  /** The node of an instance. */
  nodeOf(instance: string): GaleraNode {
    let node = this.nodes.get(instance);
    if (node === undefined) {
      node = new GaleraNode(this, this.options, this.options.chance.next() * USUAL_LAG_MS);
      this.nodes.set(instance, node);
    }
    return node;
  }

  get all(): readonly GaleraNode[] {
    return [...this.nodes.values()];
  }

  /** How many commits there are. */
  get head(): number {
    return this.commits.length;
  }

  /** The time of the commit at this place of the order; the first has place 1. */
  timeOf(place: number): number {
    return this.commits[place - 1] ?? Infinity;
  }

  /** One commit more: its place. */
  commit(): number {
    return this.commits.push(this.options.now());
  }

  /** Which of two transactions of different nodes loses that have changed the same row. */
  isSecondToLose(): boolean {
    return this.options.chance.is(0.5);
  }
}

/** One node: what it has applied. */
export class GaleraNode {
  private applied = 0;
  private lagsUntil = 0;

  constructor(
    readonly cluster: GaleraCluster,
    private readonly options: GaleraOptions,
    private readonly lagMs: number,
  ) {}

  /** Up to which commit it has all. */
  get position(): number {
    const now = this.options.now();
    if (now < this.lagsUntil) return this.applied;
    while (this.cluster.timeOf(this.applied + 1) + this.lagMs <= now) this.applied += 1;
    return this.applied;
  }

  /** A causal read has waited; or the node has committed something itself, behind all that came before. */
  catchUp(): void {
    this.applied = this.cluster.head;
  }

  /** It applies nothing for a while, unless somebody waits for it. */
  lagFor(ms: number): void {
    void this.position;
    this.lagsUntil = this.options.now() + ms;
  }

  recover(): void {
    this.lagsUntil = 0;
  }
}
