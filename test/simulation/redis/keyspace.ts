import { type Command, fitsArity, type Server } from './commands/command.js';
import { HASH_COMMANDS } from './commands/hashes.js';
import { KEY_COMMANDS } from './commands/keys.js';
import { SERVER_COMMANDS } from './commands/server.js';
import { SET_COMMANDS } from './commands/sets.js';
import { SORTED_SET_COMMANDS } from './commands/sorted-sets.js';
import { STRING_COMMANDS } from './commands/strings.js';
import { Database, type DatabaseContents } from './database.js';
import { NotSimulatedError, RedisReplyError, type Reply } from './replies.js';

export { NotSimulatedError, RedisReplyError, type Reply } from './replies.js';

/** All keys of a {@link Keyspace} at one moment. */
export type KeyspaceContents = DatabaseContents;

export interface KeyspaceOptions {
  /** The server's clock, ms since 1970 (may be fractional). */
  readonly now: () => number;
  /** The text of INFO for these sections. */
  readonly info: (sections: readonly string[]) => string;
  /** As {@link Server.publish}; without it nobody listens. */
  readonly publish?: Server['publish'];
}

/** Every command that is simulated: those that our scripts and stores use, and FLUSHALL. */
export const COMMANDS: readonly Command[] = [
  ...STRING_COMMANDS,
  ...KEY_COMMANDS,
  ...HASH_COMMANDS,
  ...SET_COMMANDS,
  ...SORTED_SET_COMMANDS,
  ...SERVER_COMMANDS,
];

const COMMAND_OF: ReadonlyMap<string, Command> = new Map(COMMANDS.map((command) => [command.name, command]));

/** What one Redis server holds, and the commands on it. */
export class Keyspace {
  /**
   * The error with which the server refuses every command that writes; one of a full memory, `OOM ...`, only those that
   * may need more of it. Undefined while writes are taken.
   */
  refusal: string | undefined;
  /** How many commands that write were carried out: stands for the offset in the history of writes. */
  writes = 0;
  private readonly database: Database;
  private readonly server: Server;
  private hasScriptWritten = false;

  constructor({ now, info, publish = () => 0 }: KeyspaceOptions) {
    this.database = new Database(now);
    this.server = { database: this.database, now, info, publish };
  }

  /**
   * Carries out a command of a client: its name, then its arguments.
   *
   * @throws RedisReplyError when Redis answers with an error
   * @throws NotSimulatedError when nobody knows here what Redis would do
   */
  call(words: readonly string[]): Reply {
    const command = commandOf(words);
    if (!fitsArity(command, words)) {
      throw new RedisReplyError(`ERR wrong number of arguments for '${command.name.toLowerCase()}' command`);
    }
    if (this.refuses(command)) throw new RedisReplyError(this.refusal);
    return this.execute(command, words);
  }

  /** To be called before the first {@link callFromScript} of each run of a script. */
  beginScript(): void {
    this.hasScriptWritten = false;
  }

  /** Like {@link call}, of a command of a script. One that has begun to write is not stopped half way by a refusal. */
  callFromScript(words: readonly string[]): Reply {
    const command = commandOf(words);
    if (command.noScript) throw new RedisReplyError('ERR This Redis command is not allowed from script');
    if (!fitsArity(command, words)) {
      throw new RedisReplyError('ERR Wrong number of args calling Redis command from script');
    }
    if (!this.hasScriptWritten && this.refuses(command)) throw new RedisReplyError(this.refusal);
    if (command.writes) this.hasScriptWritten = true;
    return this.execute(command, words);
  }

  /** An independent copy of all keys. Costs little: values are only copied when they are changed later. */
  snapshot(): KeyspaceContents {
    return this.database.snapshot();
  }

  /** Puts all keys back as they were; the contents may be put back again and elsewhere. */
  restore(contents: KeyspaceContents): void {
    this.database.restore(contents);
  }

  /** The keys that have not expired. */
  keys(): string[] {
    return this.database.keys();
  }

  has(key: string): boolean {
    return this.database.has(key);
  }

  /** MIGRATE: the key is there from now on, with its TTL, and no more here. */
  moveKey(key: string, to: Keyspace): void {
    this.database.moveKey(key, to.database);
    this.writes += 1;
    to.writes += 1;
  }

  /** Milliseconds since 1970; undefined without a TTL. */
  expiresAt(key: string): number | undefined {
    const expiresAt = this.database.expiresAt(key);
    return expiresAt === Infinity ? undefined : expiresAt;
  }

  /** The string at this key, without any effect; undefined when there is none. The next three are alike. */
  string(key: string): string | undefined {
    return this.database.look(key, 'string');
  }

  hash(key: string): ReadonlyMap<string, string> | undefined {
    return this.database.look(key, 'hash');
  }

  set(key: string): ReadonlySet<string> | undefined {
    return this.database.look(key, 'set');
  }

  sortedSet(key: string): ReadonlyMap<string, number> | undefined {
    return this.database.look(key, 'zset')?.entries;
  }

  protected execute(command: Command, words: readonly string[]): Reply {
    if (command.writes) this.writes += 1;
    return command.run(this.server, words[1] ?? '', words);
  }

  private refuses({ writes, denyOom }: Command): boolean {
    if (this.refusal === undefined) return false;
    return (this.refusal.startsWith('OOM ') ? denyOom : writes) === true;
  }
}

function commandOf([name = '']: readonly string[]): Command {
  const command = COMMAND_OF.get(name) ?? COMMAND_OF.get(name.toUpperCase());
  if (command === undefined) throw new NotSimulatedError(`the command ${name}`);
  return command;
}
