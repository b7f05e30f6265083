import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { RouteNotFoundError } from '../../platform/errors/platform.errors.js';
import { PreparedAnswer } from '../../platform/http/prepared-answer.js';

const PAGE = new URL('page/', import.meta.url);
const INDEX = 'index.html';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** From node_modules, under the names that the page imports. */
const LIBRARIES: Readonly<Record<string, string>> = {
  'uplot.js': 'uplot/dist/uPlot.esm.js',
  'uplot.css': 'uplot/dist/uPlot.min.css',
};

/**
 * Nothing but our own files, no inline script or style, no frame around it, and a form sends nothing by itself. What else
 * a browser is told is the same for every answer: see security-headers.ts.
 */
const SECURITY = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
};

/** The files of the page, in memory: a name that is not there is no file, whatever is on the disk. */
@Injectable()
export class PageFiles implements OnModuleInit {
  private readonly files = new Map<string, PreparedAnswer>();

  onModuleInit(): void {
    for (const name of readdirSync(PAGE)) this.add(name, new URL(name, PAGE));
    const { resolve } = createRequire(import.meta.url);
    for (const [name, path] of Object.entries(LIBRARIES)) this.add(name, resolve(path));
  }

  /** Answers with the file, or 304 when the browser has it. @throws RouteNotFoundError */
  send(request: FastifyRequest, reply: FastifyReply, name = INDEX): Buffer | undefined {
    const file = this.files.get(name);
    if (file === undefined) throw new RouteNotFoundError(request.method, request.url);
    return file.bodyFor(request, reply.headers(SECURITY));
  }

  private add(name: string, path: string | URL): void {
    const type = TYPES[extname(name)];
    if (type === undefined || name.endsWith('.d.ts')) return;
    this.files.set(name, new PreparedAnswer(readFileSync(path), type));
  }
}
