import { Inject, Injectable } from '@nestjs/common';
import { createHash, timingSafeEqual } from 'node:crypto';
import { CONFIG } from '../config/config.module.js';
import type { Config } from '../config/config.schema.js';

const BEARER = /^bearer +(\S+) *$/i;

/** Who may administer: whoever sends `Authorization: Bearer <admin.token>`. */
@Injectable()
export class AdminToken {
  private readonly expected: Buffer;

  constructor(@Inject(CONFIG) config: Config) {
    this.expected = sha256(config.admin.token);
  }

  /** @param authorization the value of the header */
  isIn(authorization: string | undefined): boolean {
    const given = BEARER.exec(authorization ?? '')?.[1];
    // Digests have one length, so the comparison takes the same time whatever was sent.
    return given !== undefined && timingSafeEqual(sha256(given), this.expected);
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
