import { createHash } from 'node:crypto';
import type { Keyspace } from './keyspace.js';
import { LUA_PRELUDE } from './lua-prelude.js';
import { LuaStack } from './lua-stack.js';
import { LuaWasm, type Pointer } from './lua-wasm.js';
import { NotSimulatedError, RedisReplyError, type Reply } from './replies.js';

/** A script that one {@link Lua} has compiled, which alone can run it. */
export interface CompiledScript {
  /** Of the source, by which EVALSHA calls it. */
  readonly sha: string;
  /** Where Lua keeps it. */
  readonly reference: number;
}

/** As Redis calls every script in its errors. */
const CHUNK_NAME = '@user_script';
/** What a C function answers: how many results it has pushed, or that it has pushed an error. */
const ONE_RESULT = 1;
const RAISE = -1;
/** What lua_gc takes. */
const GC = { COLLECT: 2, COUNT: 3, COUNT_BYTES: 4 } as const;

const WRONG_WORDS = 'ERR Lua redis lib command arguments must be strings or integers';
const NO_WORDS = 'ERR Please specify at least one argument for this redis lib call';

/** Runs scripts as Redis 7 does: in Lua 5.1, one after the other, over any number of keyspaces. */
export class Lua {
  private readonly state: Pointer;
  private readonly stack: LuaStack;
  private readonly keysName: number;
  private readonly argvName: number;
  private readonly errorHandler: number;
  /** Of the script that is running. */
  private keyspace: Keyspace | undefined;
  /** What was thrown in a call of that script and is no reply of Redis. */
  private failure: { readonly cause: unknown } | undefined;

  static async create(): Promise<Lua> {
    return new Lua(await LuaWasm.create());
  }

  private constructor(private readonly wasm: LuaWasm) {
    this.state = wasm.lua.luaL_newstate();
    wasm.lua.luaL_openlibs(this.state);
    this.stack = new LuaStack(wasm, this.state);
    this.keysName = this.stack.keepString('KEYS');
    this.argvName = this.stack.keepString('ARGV');
    this.errorHandler = this.runPrelude();
  }

  /** Compiles a script; `name` is for the message when that fails. @throws Error when it is no Lua */
  compile(source: string, name = 'script'): CompiledScript {
    try {
      this.stack.pushChunk(source, CHUNK_NAME);
    } catch (error) {
      throw new Error(`${name}: ${String(error)}`, { cause: error });
    }
    return { sha: createHash('sha1').update(source).digest('hex'), reference: this.stack.keepTop() };
  }

  /**
   * Runs a script to its end; what it has written before an error stays written, as in Redis.
   *
   * @throws RedisReplyError as EVALSHA answers it: an error of a command, of the script, or one that it returned
   * @throws NotSimulatedError when it asked for what the keyspace does not know
   */
  run(script: CompiledScript, keys: readonly string[], args: readonly string[], keyspace: Keyspace): Reply {
    this.keyspace = keyspace;
    this.failure = undefined;
    keyspace.beginScript();
    try {
      this.stack.pushKept(this.errorHandler);
      this.stack.setGlobal(this.keysName, keys, { areFrequent: true });
      this.stack.setGlobal(this.argvName, args, { areFrequent: false });
      this.stack.pushKept(script.reference);
      const status = this.wasm.lua.lua_pcall(this.state, 0, 1, 1);
      this.throwFailure();
      if (status !== 0) throw this.errorOf(script);
      return this.stack.readReply();
    } finally {
      this.stack.clear();
    }
  }

  /** How many bytes Lua has in use, after it has given up what nobody needs. */
  usedBytes(): number {
    this.wasm.lua.lua_gc(this.state, GC.COLLECT, 0);
    return this.wasm.lua.lua_gc(this.state, GC.COUNT, 0) * 1024 + this.wasm.lua.lua_gc(this.state, GC.COUNT_BYTES, 0);
  }

  /** The handler of errors that the prelude returns. */
  private runPrelude(): number {
    const { lua } = this.wasm;
    this.stack.pushChunk(LUA_PRELUDE, '@prelude');
    this.pushFunction(() => this.callCommand(), RAISE);
    this.pushFunction(() => this.callCommand(), ONE_RESULT);
    this.pushFunction(() => this.refuse(), RAISE);
    if (lua.lua_pcall(this.state, 3, 1, 0) !== 0) throw new Error('the prelude has failed');
    return this.stack.keepTop();
  }

  /** A function for Lua. An error that is a reply of Redis is raised there or answered; any other ends the script. */
  private pushFunction(answer: () => Reply, onReplyError: typeof RAISE | typeof ONE_RESULT): void {
    const index = this.wasm.cFunction(() => {
      try {
        this.stack.pushReply(answer());
        return ONE_RESULT;
      } catch (error) {
        if (!(error instanceof RedisReplyError)) this.failure ??= { cause: error };
        this.stack.pushError(error instanceof RedisReplyError ? error.message : '');
        return this.failure === undefined ? onReplyError : RAISE;
      }
    });
    this.wasm.lua.lua_pushcclosure(this.state, index, 0);
  }

  private callCommand(): Reply {
    const words = this.stack.readWords();
    if (words === undefined) throw new RedisReplyError(WRONG_WORDS);
    if (words.length === 0) throw new RedisReplyError(NO_WORDS);
    return (this.keyspace as Keyspace).callFromScript(words);
  }

  private refuse(): never {
    throw new NotSimulatedError(this.stack.readWords()?.join(' ') ?? 'what a script has asked for');
  }

  private throwFailure(): void {
    if (this.failure !== undefined) throw this.failure.cause;
  }

  /** The error on top of the stack in the words of Redis (`luaCallFunction`, in script_lua.c of Redis 7.0). */
  private errorOf({ sha }: CompiledScript): Error {
    const message = this.stack.readField('err') ?? 'ERR unknown error';
    const [source, line] = [this.stack.readField('source'), this.stack.readField('line')];
    return new RedisReplyError(source === undefined ? message : `${message} script: ${sha}, on ${source}:${line}.`);
  }
}
