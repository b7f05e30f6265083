import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { DomainError } from '../errors/domain-error.js';
import {
  BadRequestError,
  BodyTooLargeError,
  ClientClosedRequestError,
  ExpectationFailedError,
  HeadersTooLargeError,
  RequestTimeoutError,
} from '../errors/platform.errors.js';
import type { ProblemFilter } from '../errors/problem.filter.js';
import { pathOf } from '../errors/to-domain-error.js';
import type { HttpMetrics } from './http-metrics.js';
import { REQUEST_ID_HEADER, requestId } from './request-id.js';
import type { SecurityHeaders } from './security-headers.js';
import type { UnansweredRequests } from './unanswered-requests.js';

/** What it means that Node cannot read a request, by the code of its error; any other is a request that is wrong. */
const REFUSALS: Readonly<Partial<Record<string, () => DomainError>>> = {
  HPE_HEADER_OVERFLOW: () => new HeadersTooLargeError(),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: () => new BodyTooLargeError(),
  ERR_HTTP_REQUEST_TIMEOUT: () => new RequestTimeoutError(),
  HPE_INVALID_EOF_STATE: () => new ClientClosedRequestError(),
};

/** Where the path is not known. */
const WHOLE_SERVER = '*';

/**
 * For a client that is still sending when it is refused: closing at once would reset the connection, and with it what
 * the client has not read yet.
 */
const LINGER_MS = 1_000;

interface ClientError extends Error {
  readonly code?: string;
  /** What llhttp says about a request that it cannot read. */
  readonly reason?: string;
}

/** Answers what fails below routing, where Fastify is not asked or knows no request: as problems, like all the rest. */
export class ClientErrors {
  private readonly ended = new WeakSet<Socket>();

  constructor(
    private readonly problems: ProblemFilter,
    private readonly metrics: HttpMetrics,
    private readonly unanswered: UnansweredRequests,
    private readonly security: SecurityHeaders,
  ) {}

  /** Answers what Node would answer with a bare status, or not at all; `clientError` is told by Fastify, or here. */
  listen(server: Server, { isOfFastify }: { readonly isOfFastify: boolean }): void {
    if (!isOfFastify) server.on('clientError', (error, socket) => this.onClientError(error, socket as Socket));
    // A client that says that it will send no more may still wait for its answer: it is not hung up on.
    Object.assign(server, { httpAllowHalfOpen: true });
    server.on('checkExpectation', (request, response) => this.refuseExpectation(request, response));
    server.on('connect', (_request, socket: Socket) => {
      // Node has taken its own listener away, and an error that nobody listens to ends the process.
      socket.on('error', () => undefined);
      this.end(socket, new BadRequestError('asks for a tunnel, and this server is no proxy'));
    });
  }

  /** For Node's event clientError: the connection is of no use any more, but may still take an answer. */
  onClientError(error: ClientError, socket: Socket): void {
    // It is told again of each piece of what it has refused.
    if (!socket.writable || this.ended.has(socket)) return;
    this.ended.add(socket);
    const refusal =
      REFUSALS[error.code ?? '']?.() ?? new BadRequestError(`cannot be read: ${error.reason ?? 'it is no HTTP/1.1'}`);
    const last = this.unanswered.lastOf(socket);
    if (last === undefined) this.end(socket, refusal);
    // What failed is the body of a request, or what came after a request that is still to be answered.
    else if (!last.request.raw.complete)
      this.problems.answer(refusal, last.request, last.header('connection', 'close'));
    else last.raw.once('finish', () => this.end(socket, refusal));
  }

  private refuseExpectation(request: IncomingMessage, response: ServerResponse): void {
    const { status, headers, body } = this.answerTo(new ExpectationFailedError(), request);
    response.writeHead(status, headers).end(body);
  }

  private end(socket: Socket, refusal: DomainError): void {
    const { status, headers, body } = this.answerTo(refusal);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  }

  private answerTo(refusal: DomainError, request: Pick<IncomingMessage, 'headers' | 'url'> = { headers: {} }) {
    const { status, headers, body } = this.problems.render(refusal, pathOf(request.url ?? WHOLE_SERVER));
    this.metrics.countUnread(status);
    return {
      status,
      body,
      headers: {
        ...headers,
        ...this.security.ofAll,
        'cache-control': 'no-store',
        [REQUEST_ID_HEADER]: requestId(request),
        date: new Date().toUTCString(),
        'content-length': Buffer.byteLength(body),
        connection: 'close',
      },
    };
  }
}
