import { afterTimeLimit } from '../../time-limit.js';
import type { LoneConnection } from '../lone-connection.js';

/** A read that waits for so long for its node gives up. */
export const SYNC_LIMIT_MS = 2_000;

/** After so long we ask whether the node is what a read waits for. */
const ASK_AFTER_MS = SYNC_LIMIT_MS / 2;
const ASK_AGAIN_MS = 250;

/** Answered by a node that lags behind, but not by one that stands still: for that is the time limit of statements. */
const ARE_YOU_THERE = ['DO 0'];
const HAVE_YOU_EVERYTHING = ['SELECT 1'];

/** One look at whether the node has everything. */
interface Look {
  /** The node is there, and does not say yet that it has everything. */
  isWaiting: boolean;
}

/**
 * Tells reads that wait for their node (see `readCausally`) from reads that merely take long. The server lets them wait
 * for 30 s, whatever the time limits of the session are, so the limit is ours.
 */
export class NodeSync {
  private look: Look | undefined;
  private behind = false;
  private nextLook: NodeJS.Timeout | undefined;
  private isClosed = false;

  /** @param connection for nobody else, and one that reads causally; opened when a read waits for the first time */
  constructor(private readonly connection: Pick<LoneConnection, 'run' | 'close'>) {}

  /**
   * The node lacks what others have committed, for longer than a read waits. Ask before a read: it would only add to
   * the sessions that wait, which the server keeps although we have hung up.
   */
  get isBehind(): boolean {
    return this.behind;
  }

  /**
   * Watches a read that has just begun. Calls `late` when it has waited for its node for {@link SYNC_LIMIT_MS}; call the
   * result when it is answered.
   */
  watch(late: () => void): () => void {
    let cancel = afterTimeLimit(ASK_AFTER_MS, () => ask());
    const ask = (): void => {
      const look = this.currentLook();
      cancel = afterTimeLimit(ASK_AFTER_MS, () => {
        // The node had everything when it was asked, after the read had begun: the read takes long, and no more.
        if (!look.isWaiting) return ask();
        this.behind = true;
        late();
      });
    };
    return () => cancel();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.nextLook);
    this.connection.close();
  }

  private currentLook(): Look {
    if (this.look === undefined) {
      this.look = { isWaiting: false };
      void this.ask(this.look);
    }
    return this.look;
  }

  private async ask(look: Look): Promise<void> {
    try {
      await this.connection.run(ARE_YOU_THERE);
      look.isWaiting = true;
      await this.connection.run(HAVE_YOU_EVERYTHING);
      this.behind = false;
    } catch {
      // What is wrong with a node that does not answer others find out, and tell.
      if (!look.isWaiting) this.behind = false;
    }
    look.isWaiting = false;
    this.look = undefined;
    if (this.behind && !this.isClosed) this.nextLook = setTimeout(() => this.currentLook(), ASK_AGAIN_MS).unref();
  }
}
