import type { LuaExports, LuaWasm, Pointer } from './lua-wasm.js';
import { formatDouble } from './numbers.js';
import { NotSimulatedError, RedisReplyError, type Reply } from './replies.js';
import { WasmText } from './wasm-text.js';

/** Pseudo-indices of lua.h. */
const REGISTRY = -10_000;
const GLOBALS = -10_002;

const TOP = -1;

const TYPE = { NIL: 0, BOOLEAN: 1, NUMBER: 3, STRING: 4, TABLE: 5 } as const;

/** Of the strings that come again and again; more than there are keys in a simulation. */
const MAX_KEPT_STRINGS = 10_000;
/** Long ones do: INFO, and the identity in it. Of what is longer still nobody knows. */
const isLong = ({ length }: string): boolean => length > 64 && length < 10_000;
/** And so do names of commands, options and fields, in which there are no digits. */
const NAME = /^[a-z]{1,30}$/i;

/** The stack of a Lua state, over which all values go in and out. Indices are those of Lua's C API. */
export class LuaStack {
  private readonly c: LuaExports;
  private readonly text: WasmText;
  private readonly lengthPointer: Pointer;
  /** Strings that Lua keeps for us, with their references. It has each string once, at one address. */
  private readonly kept = new Map<string, number>();
  private readonly keptAt = new Map<Pointer, string>();
  private readonly err: number;
  private readonly ok: number;

  constructor(
    private readonly wasm: LuaWasm,
    private readonly state: Pointer,
  ) {
    this.c = wasm.lua;
    this.text = new WasmText(wasm);
    this.lengthPointer = this.c.malloc(Uint32Array.BYTES_PER_ELEMENT);
    this.err = this.keepString('err');
    this.ok = this.keepString('ok');
  }

  /** Takes the value off the top of the stack and lets Lua keep it; {@link pushKept} brings it back. */
  keepTop(): number {
    return this.c.luaL_ref(this.state, REGISTRY);
  }

  keepString(text: string): number {
    this.pushString(text);
    return this.keepTop();
  }

  pushKept(reference: number): void {
    this.c.lua_rawgeti(this.state, REGISTRY, reference);
  }

  /** Compiles a chunk and pushes it as a function. @throws Error with what Lua says against it */
  pushChunk(source: string, name: string): void {
    const nameLength = this.text.write(`${name}\0`);
    const namePointer = this.c.malloc(nameLength);
    this.wasm.bytes.copyWithin(namePointer, this.text.address, this.text.address + nameLength);
    const length = this.text.write(source);
    const status = this.c.luaL_loadbuffer(this.state, this.text.address, length, namePointer);
    this.c.free(namePointer);
    if (status === 0) return;
    const message = this.readString(TOP);
    this.pop();
    throw new Error(message);
  }

  pushString(text: string): void {
    if (isLong(text)) this.pushFrequentString(text);
    else this.pushBytes(text);
  }

  /** Pushes a string that will come again, and makes the next time cheap, also when it comes back from Lua. */
  pushFrequentString(text: string): void {
    const reference = this.kept.get(text);
    if (reference !== undefined) {
      this.pushKept(reference);
      return;
    }
    this.pushBytes(text);
    this.keepCopy(text, TOP);
  }

  /** Makes a global, past the metatable that keeps scripts from doing so. */
  setGlobal(nameReference: number, texts: readonly string[], { areFrequent }: { areFrequent: boolean }): void {
    this.pushKept(nameReference);
    this.c.lua_createtable(this.state, texts.length, 0);
    for (let index = 0; index < texts.length; index += 1) {
      if (areFrequent) this.pushFrequentString(texts[index] as string);
      else this.pushString(texts[index] as string);
      this.c.lua_rawseti(this.state, -2, index + 1);
    }
    this.c.lua_rawset(this.state, GLOBALS);
  }

  /** Pushes a reply as a script gets it from redis.call. */
  pushReply(reply: Reply): void {
    if (typeof reply === 'number') this.c.lua_pushnumber(this.state, reply);
    else if (typeof reply === 'string') this.pushString(reply);
    else if (reply === null) this.c.lua_pushboolean(this.state, 0);
    else if (isArray(reply)) this.pushReplies(reply);
    else this.pushRecord(this.ok, reply.ok);
  }

  /** Pushes an error as a script gets it from redis.pcall. */
  pushError(message: string): void {
    this.pushRecord(this.err, message);
  }

  /** The arguments of a C function as the words of a command; undefined when one of them can't be any. */
  readWords(): string[] | undefined {
    const count = this.c.lua_gettop(this.state);
    const words: string[] = [];
    for (let index = 1; index <= count; index += 1) {
      const type = this.c.lua_type(this.state, index);
      if (type === TYPE.STRING) words.push(this.readString(index));
      else if (type === TYPE.NUMBER) words.push(formatDouble(this.c.lua_tonumber(this.state, index)));
      else return undefined;
    }
    return words;
  }

  /**
   * The value on top of the stack, which a script has returned, as its client gets it.
   *
   * @throws RedisReplyError when it is an error
   */
  readReply(): Reply {
    switch (this.c.lua_type(this.state, TOP)) {
      case TYPE.NUMBER:
        return integerOf(this.c.lua_tonumber(this.state, TOP));
      case TYPE.STRING:
        return this.readString(TOP);
      case TYPE.BOOLEAN:
        return this.c.lua_toboolean(this.state, TOP) === 1 ? 1 : null;
      case TYPE.TABLE:
        return this.readTable();
      default:
        return null;
    }
  }

  /** A field of the table on top of the stack; undefined when it has no string and no number there. */
  readField(name: string): string | undefined {
    this.pushString(name);
    return this.takeField();
  }

  clear(): void {
    this.c.lua_settop(this.state, 0);
    if (this.kept.size < MAX_KEPT_STRINGS) return;
    for (const reference of this.kept.values()) this.c.luaL_unref(this.state, REGISTRY, reference);
    this.kept.clear();
    this.keptAt.clear();
  }

  private pop(): void {
    this.c.lua_settop(this.state, -2);
  }

  private pushBytes(text: string): void {
    const length = this.text.write(text);
    this.c.lua_pushlstring(this.state, this.text.address, length);
  }

  private pushRecord(nameReference: number, value: string): void {
    this.c.lua_createtable(this.state, 0, 1);
    this.pushKept(nameReference);
    this.pushString(value);
    this.c.lua_rawset(this.state, -3);
  }

  private pushReplies(replies: readonly Reply[]): void {
    this.ensureRoom();
    this.c.lua_createtable(this.state, replies.length, 0);
    for (let index = 0; index < replies.length; index += 1) {
      this.pushReply(replies[index] as Reply);
      this.c.lua_rawseti(this.state, -2, index + 1);
    }
  }

  /** An array ends at its first nil. */
  private readTable(): Reply {
    this.ensureRoom();
    this.pushKept(this.err);
    const error = this.takeField();
    if (error !== undefined) throw new RedisReplyError(error);
    this.pushKept(this.ok);
    const ok = this.takeField();
    if (ok !== undefined) return { ok };
    const replies: Reply[] = [];
    for (let position = 1; ; position += 1) {
      this.c.lua_rawgeti(this.state, TOP, position);
      const isEnd = this.c.lua_type(this.state, TOP) === TYPE.NIL;
      if (!isEnd) replies.push(this.readReply());
      this.pop();
      if (isEnd) return replies;
    }
  }

  /** The field whose name is on top of the stack, of the table below. */
  private takeField(): string | undefined {
    this.c.lua_rawget(this.state, -2);
    const type = this.c.lua_type(this.state, TOP);
    const value = type === TYPE.STRING || type === TYPE.NUMBER ? this.readString(TOP) : undefined;
    this.pop();
    return value;
  }

  private readString(index: number): string {
    const start = this.c.lua_tolstring(this.state, index, this.lengthPointer);
    const kept = this.keptAt.get(start);
    if (kept !== undefined) return kept;
    const text = this.text.read(start, this.wasm.words[this.lengthPointer / Uint32Array.BYTES_PER_ELEMENT] as number);
    if (NAME.test(text)) this.keepCopy(text, index);
    return text;
  }

  private keepCopy(text: string, index: number): void {
    this.c.lua_pushvalue(this.state, index);
    this.keptAt.set(this.c.lua_tolstring(this.state, TOP, this.lengthPointer), text);
    this.kept.set(text, this.keepTop());
  }

  /** For the few values that one level of a nested reply takes. */
  private ensureRoom(): void {
    if (this.c.lua_checkstack(this.state, 8) === 0) throw new Error('a reply of too many levels');
  }
}

/** A number becomes a 64-bit integer; what C makes of one that does not fit depends on the machine. */
function integerOf(value: number): number {
  const integer = Math.trunc(value) + 0;
  if (integer >= -(2 ** 63) && integer < 2 ** 63) return integer;
  throw new NotSimulatedError(`the reply ${value}`);
}

/** Array.isArray does not know read-only ones. */
function isArray(reply: Reply): reply is readonly Reply[] {
  return Array.isArray(reply);
}
