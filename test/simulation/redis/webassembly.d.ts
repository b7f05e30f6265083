/** What we use of WebAssembly: Node has it, its types do not. */
declare namespace WebAssembly {
  type Imports = Record<string, Record<string, unknown>>;

  class Module {
    constructor(bytes: Uint8Array);
    static imports(module: Module): Array<{ readonly module: string; readonly name: string }>;
  }

  class Instance {
    readonly exports: unknown;
    constructor(module: Module, imports: Imports);
  }

  interface Memory {
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }

  interface Table {
    readonly length: number;
    get(index: number): unknown;
    grow(elements: number, value: unknown): number;
  }

  function compile(bytes: Uint8Array): Promise<Module>;
}
