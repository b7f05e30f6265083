import type { FastifyReply, FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

/** Named, and not with a quality of 0. */
const TAKES_GZIP = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/;

/** An answer that is the same for everyone: in memory, compressed once, and with a tag by which clients know it again. */
export class PreparedAnswer {
  private readonly plain: Buffer;
  private readonly gzipped: Buffer;
  private readonly etag: string;

  constructor(
    content: Buffer | string,
    private readonly type: string,
  ) {
    this.plain = Buffer.from(content);
    this.gzipped = gzipSync(this.plain);
    this.etag = `"${createHash('sha256').update(this.plain).digest('base64url').slice(0, 22)}"`;
  }

  /** The body of the answer, whose headers are set; undefined, with status 304, when the client has it already. */
  bodyFor({ headers }: FastifyRequest, reply: FastifyReply): Buffer | undefined {
    reply.headers({
      'content-type': this.type,
      etag: this.etag,
      vary: [reply.getHeader('vary'), 'accept-encoding'].filter((name) => name !== undefined).join(', '),
      'cache-control': 'no-cache',
    });
    if (this.isKnownAs(headers['if-none-match'] ?? '')) {
      reply.code(304);
      return undefined;
    }
    if (!TAKES_GZIP.test(String(headers['accept-encoding']))) return this.plain;
    reply.header('content-encoding', 'gzip');
    return this.gzipped;
  }

  /** A proxy that compresses an answer itself marks the tag as weak. */
  private isKnownAs(tags: string): boolean {
    return tags.split(',').some((tag) => tag.trim().replace(/^W\//, '') === this.etag);
  }
}
