import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** An address in the memory of the WebAssembly. */
export type Pointer = number;

/** Of the C API of Lua 5.1 what we use, as the manual describes it. */
export interface LuaExports {
  readonly memory: WebAssembly.Memory;
  malloc(size: number): Pointer;
  free(pointer: Pointer): void;
  luaL_newstate(): Pointer;
  luaL_openlibs(state: Pointer): void;
  luaL_loadbuffer(state: Pointer, text: Pointer, length: number, name: Pointer): number;
  luaL_ref(state: Pointer, table: number): number;
  luaL_unref(state: Pointer, table: number, reference: number): void;
  lua_pcall(state: Pointer, args: number, results: number, errorHandler: number): number;
  lua_gc(state: Pointer, what: number, data: number): number;
  lua_checkstack(state: Pointer, extra: number): number;
  lua_gettop(state: Pointer): number;
  lua_settop(state: Pointer, index: number): void;
  lua_type(state: Pointer, index: number): number;
  lua_toboolean(state: Pointer, index: number): number;
  lua_tonumber(state: Pointer, index: number): number;
  lua_tolstring(state: Pointer, index: number, length: Pointer): Pointer;
  lua_rawget(state: Pointer, index: number): void;
  lua_rawgeti(state: Pointer, index: number, position: number): void;
  lua_rawset(state: Pointer, index: number): void;
  lua_rawseti(state: Pointer, index: number, position: number): void;
  lua_createtable(state: Pointer, elements: number, fields: number): void;
  lua_pushboolean(state: Pointer, value: number): void;
  lua_pushcclosure(state: Pointer, functionIndex: number, upvalues: number): void;
  lua_pushlstring(state: Pointer, text: Pointer, length: number): void;
  lua_pushvalue(state: Pointer, index: number): void;
  lua_pushnumber(state: Pointer, value: number): void;
}

interface Exports extends LuaExports {
  readonly __indirect_function_table: WebAssembly.Table;
  readonly __wasm_call_ctors: () => void;
  emscripten_stack_init(): void;
  stackSave(): Pointer;
  stackRestore(stack: Pointer): void;
  setThrew(threw: number, value: number): void;
  readonly lua_error: (state: Pointer) => number;
}

/** What the C function `longjmp` throws. Emscripten expects a number, of which it takes no notice. */
const LONGJMP = Infinity;
const PAGE_BYTES = 65_536;

/**
 * (func (param $state i32) (result i32) (local $results i32)
 *   (local.set $results (call $function (local.get $state)))
 *   (if (result i32) (i32.lt_s (local.get $results) (i32.const 0))
 *     (then (call $lua_error (local.get $state)))
 *     (else (local.get $results))))
 */
const C_FUNCTION = Buffer.from(
  [
    '0061736d01000000',
    '01060160017f017f', // type 0: i32 to i32
    '020d02016501660000016501670000', // functions 0 and 1 are imported: e.f and e.g, of type 0
    '03020100', // so is function 2
    '07050101680002', // which is exported as h
    '0a19011701017f200010002201410048047f200010010520010b0b',
  ].join(''),
  'hex',
);

/**
 * Lua 5.1 as the package wasmoon-lua5.1 has built it, without the JavaScript around it: that is made for comfort, and
 * costs more per call than Lua itself. Lua here has no files, no clock and no environment; who asks for them fails.
 */
export class LuaWasm {
  /** The memory, and the same as words; both are other objects after it has grown. */
  bytes: Uint8Array;
  words: Uint32Array;
  private readonly wasm: Exports;
  private readonly functions: WebAssembly.Table;

  static async create(): Promise<LuaWasm> {
    const path = createRequire(import.meta.url).resolve('wasmoon-lua5.1/dist/liblua5.1.wasm');
    return new LuaWasm(await WebAssembly.compile(readFileSync(path)));
  }

  private constructor(module: WebAssembly.Module) {
    const imports: Record<string, unknown> = Object.fromEntries(
      WebAssembly.Module.imports(module).map(({ name }) => [name, () => refuse(name)]),
    );
    imports['environ_sizes_get'] = () => 0;
    imports['environ_get'] = () => 0;
    imports['emscripten_memcpy_js'] = (to: Pointer, from: Pointer, length: number) =>
      this.bytes.copyWithin(to, from, from + length);
    imports['emscripten_resize_heap'] = (size: number) => this.grow(size);
    imports['_emscripten_throw_longjmp'] = () => {
      // Not an Error on purpose: it is caught below, always, and an Error would take a stack trace.
      // oxlint-disable-next-line typescript/only-throw-error
      throw LONGJMP;
    };
    imports['invoke_vii'] = (index: number, first: number, second: number) => this.invoke(index, first, second);
    const instance = new WebAssembly.Instance(module, { env: imports, wasi_snapshot_preview1: imports });
    this.wasm = instance.exports as Exports;
    const { __indirect_function_table: functions, __wasm_call_ctors: initialize } = this.wasm;
    this.functions = functions;
    this.bytes = new Uint8Array(this.wasm.memory.buffer);
    this.words = new Uint32Array(this.wasm.memory.buffer);
    this.wasm.emscripten_stack_init();
    initialize();
  }

  get lua(): LuaExports {
    return this.wasm;
  }

  /**
   * Makes a `lua_CFunction` of a function, for lua_pushcclosure. It answers the number of its results on the stack; or
   * -1, which raises the value on top of the stack as an error. That is done when JavaScript has returned, so that
   * Lua's longjmp passes over none of it. The function itself must not throw.
   */
  cFunction(run: (state: Pointer) => number): number {
    const imports = { e: { f: run, g: this.wasm.lua_error } };
    const { h } = new WebAssembly.Instance(new WebAssembly.Module(C_FUNCTION), imports).exports as { h: unknown };
    return this.functions.grow(1, h);
  }

  /** Emscripten's setjmp: calls a C function; when that has jumped, tells the caller by setThrew. */
  private invoke(index: number, first: number, second: number): void {
    const stack = this.wasm.stackSave();
    try {
      (this.functions.get(index) as (first: number, second: number) => void)(first, second);
    } catch (error) {
      if (error !== LONGJMP) throw error;
      this.wasm.stackRestore(stack);
      this.wasm.setThrew(1, 0);
    }
  }

  private grow(size: number): number {
    const { memory } = this.wasm;
    const wanted = Math.max(size, memory.buffer.byteLength * 1.2);
    memory.grow(Math.ceil((wanted - memory.buffer.byteLength) / PAGE_BYTES));
    this.bytes = new Uint8Array(memory.buffer);
    this.words = new Uint32Array(memory.buffer);
    return 1;
  }
}

function refuse(name: string): never {
  throw new Error(`Lua calls ${name}, which it does not have here`);
}
