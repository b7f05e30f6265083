import { Injectable } from '@nestjs/common';
import { randomFillSync } from 'node:crypto';
import type { CodeFormat } from '../coupon.entity.js';

/** 0, O, 1, I and L are left out: they are read as one another. 31^12 codes, 59 bits. */
const ALPHANUMERIC = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';
/**
 * The syllables of Korean number plates, chosen there to be told apart at a glance, and digits. Left out are 배 (sounds
 * like 베), 사, 오 and 구 (read aloud they are 4, 5 and 9), and 0 and 1 (look like ㅇ and ㅣ). 44^10 codes, 54 bits.
 */
const HANGUL = '가나다라마바아자하거너더러머버서어저허고노도로모보소조호누두루무부수우주23456789';

class CodeAlphabet {
  readonly characters: readonly string[];
  /** Bytes from here up would make the first characters likelier (256 is no multiple of the size): drawn again. */
  readonly limit: number;

  constructor(
    characters: string,
    readonly codeLength: number,
  ) {
    this.characters = Array.from(characters);
    this.limit = 256 - (256 % this.characters.length);
  }
}

const ALPHABETS: Record<Exclude<CodeFormat, 'none'>, CodeAlphabet> = {
  alphanumeric: new CodeAlphabet(ALPHANUMERIC, 12),
  hangul: new CodeAlphabet(HANGUL, 10),
};

/** One random draw serves about 700 codes: 4 million codes/s; with a draw for each code it is 0.4 million. */
const BLOCK_BYTES = 8192;

/**
 * Draws coupon codes that can't be guessed. Not unique by themselves: the unique key on (coupon_id, code) is what
 * decides, and whoever inserts draws again after a collision.
 */
@Injectable()
export class CouponCodeGenerator {
  private readonly block = Buffer.alloc(BLOCK_BYTES);
  private used = BLOCK_BYTES;

  /** A new code, or null for a coupon without codes. Every character is equally likely at every place. */
  draw(format: CodeFormat): string | null {
    if (format === 'none') return null;
    const { characters, codeLength, limit } = ALPHABETS[format];
    let code = '';
    for (let length = 0; length < codeLength;) {
      const byte = this.nextByte();
      if (byte >= limit) continue;
      code += characters[byte % characters.length];
      length += 1;
    }
    return code;
  }

  private nextByte(): number {
    if (this.used === BLOCK_BYTES) {
      randomFillSync(this.block);
      this.used = 0;
    }
    const byte = this.block.readUInt8(this.used);
    this.used += 1;
    return byte;
  }
}
