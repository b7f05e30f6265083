import type { Database } from '../database.js';
import type { Reply } from '../replies.js';

/** What commands need of the server that is no key. */
export interface Server {
  readonly database: Database;
  /** Milliseconds since 1970, may be fractional. */
  readonly now: () => number;
  readonly info: (sections: readonly string[]) => string;
  /** Tells those who listen to the channel of a shard; how many. */
  readonly publish: (channel: string, message: string) => number;
}

/** One command of Redis, described as its COMMAND INFO does; a test compares them. */
export interface Command {
  readonly name: string;
  /** How many words the command has with its name; at least so many when negative. */
  readonly arity: number;
  readonly writes?: true;
  /** Refused when the memory is full. */
  readonly denyOom?: true;
  /** Not to be called by scripts. */
  readonly noScript?: true;
  /** `key` is the first word after the name, where there is one; `words` are all of them, the name first. */
  readonly run: (server: Server, key: string, words: readonly string[]) => Reply;
}

export function fitsArity({ arity }: Command, words: readonly string[]): boolean {
  return arity < 0 ? words.length >= -arity : words.length === arity;
}
