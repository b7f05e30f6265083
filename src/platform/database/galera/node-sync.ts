import { setTimeout as delay } from 'node:timers/promises';
import { afterTimeLimit } from '../../time-limit.js';
import type { ConnectionSettings } from '../connection-options.js';
import { LoneConnection } from '../lone-connection.js';

/** A read that waits for so long for its node gives up. */
export const SYNC_LIMIT_MS = 2_000;

/** After so long we ask whether the node is what a read waits for. */
const ASK_AFTER_MS = SYNC_LIMIT_MS / 2;
const ASK_AGAIN_MS = 250;

/** One look at whether the node has everything. */
interface Look {
  /** The node is alive, and does not say yet that it has everything. */
  isWaiting: boolean;
}

/**
 * Tells reads that wait for their node (see `readCausally`) from reads that merely take long. The server lets them wait
 * for 30 s, whatever the time limits of the session are, so the limit is ours.
 */
export class NodeSync {
  private readonly connection: LoneConnection;
  private look: Look | undefined;
  private behind = false;
  private isClosed = false;

  constructor(config: ConnectionSettings) {
    this.connection = new LoneConnection(config);
  }

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
      // What waits longer than one that was begun later waits for something else.
      const look = (this.look ??= this.begin());
      cancel = afterTimeLimit(ASK_AFTER_MS, () => {
        if (!look.isWaiting) return ask();
        this.behind = true;
        late();
      });
    };
    return () => cancel();
  }

  close(): void {
    this.isClosed = true;
    this.connection.close();
  }

  private begin(): Look {
    const look: Look = { isWaiting: false };
    void this.run(look);
    return look;
  }

  private async run(look: Look): Promise<void> {
    try {
      // Answered by a node that is behind, not by one that stands still: the time limit of statements is for that.
      await this.connection.run(['DO 0']);
      look.isWaiting = true;
      await this.connection.run(['SELECT 1']);
      this.behind = false;
    } catch {
      // Behind it is only while it answers.
      if (!look.isWaiting) this.behind = false;
    }
    look.isWaiting = false;
    if (this.behind) await delay(ASK_AGAIN_MS, undefined, { ref: false });
    this.look = this.behind && !this.isClosed ? this.begin() : undefined;
  }
}
