import type { LuaWasm, Pointer } from './lua-wasm.js';

/** Up to here a loop over the characters is faster than TextEncoder and TextDecoder. */
const SHORT_LENGTH = 128;
const LAST_ASCII = 0x7f;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Takes texts into the memory of the WebAssembly and out of it, as UTF-8. */
export class WasmText {
  /** Where the text stands that was written last. */
  address: Pointer;
  private capacity = 1024;
  private readonly encoder = new TextEncoder();
  private readonly decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  constructor(private readonly wasm: LuaWasm) {
    this.address = wasm.lua.malloc(this.capacity);
  }

  /** @throws Error when the bytes are no UTF-8 */
  read(start: Pointer, length: number): string {
    const { bytes } = this.wasm;
    if (length > SHORT_LENGTH) return this.decoder.decode(bytes.subarray(start, start + length));
    let text = '';
    for (let at = start; at < start + length; at += 1) {
      const byte = bytes[at] as number;
      if (byte > LAST_ASCII) return this.decoder.decode(bytes.subarray(start, start + length));
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** Writes a text to `address`; how many bytes it takes there. @throws Error when UTF-8 can't say it */
  write(text: string): number {
    const { length } = text;
    if (length * 3 > this.capacity) this.reserve(length * 3);
    if (length > SHORT_LENGTH) return this.encode(text);
    const { bytes } = this.wasm;
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index);
      if (code > LAST_ASCII) return this.encode(text);
      bytes[this.address + index] = code;
    }
    return length;
  }

  private encode(text: string): number {
    // The encoder would write another character in its place.
    if (LONE_SURROGATE.test(text)) throw new Error(`half a surrogate pair in ${JSON.stringify(text)}`);
    return this.encoder.encodeInto(text, this.wasm.bytes.subarray(this.address, this.address + this.capacity)).written;
  }

  private reserve(capacity: number): void {
    this.wasm.lua.free(this.address);
    this.address = this.wasm.lua.malloc(capacity);
    this.capacity = capacity;
  }
}
