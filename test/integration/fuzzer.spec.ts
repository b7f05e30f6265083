import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { learnCalls } from '../../scripts/fuzz/calls.mjs';
import { Fuzzer } from '../../scripts/fuzz/fuzzer.mjs';
import { runCommand } from '../support/run-command.js';

/** That the fuzzer finds faults which a small server has been given, and none in the same server without them. */

const COMMAND = fileURLToPath(new URL('../../scripts/fuzz.mjs', import.meta.url));
const EXAMPLE = { userId: 1000, quantity: 2 };
const DESCRIPTION = {
  paths: {
    '/api/things/{thingId}': {
      post: {
        parameters: [{ name: 'thingId', in: 'path', schema: { examples: [1] } }],
        requestBody: { content: { 'application/json': { schema: { example: EXAMPLE } } } },
      },
    },
  },
};

/** A request that is refused, with its body; whoever returns true has answered it. */
type Fault = (request: IncomingMessage, body: string, response: ServerResponse) => boolean;

interface Planted {
  readonly onRefusal?: Fault;
  readonly complaints?: () => string[];
}

let server: Server | undefined;
let written = 0;

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
});

function problem(status: number, code: string): string {
  return JSON.stringify({ type: 'urn:x', title: 'No', status, detail: 'No.', instance: '/', code });
}

function refuse(response: ServerResponse, status = 400, code = 'BAD_REQUEST', type = 'application/problem+json'): true {
  response.writeHead(status, { 'content-type': type }).end(problem(status, code));
  return true;
}

/** Takes its example, refuses everything else, and does so with a fault. */
async function start(onRefusal: Fault = () => false): Promise<string> {
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      if (request.url === '/docs-json') response.end(JSON.stringify(DESCRIPTION));
      else if (request.url === '/health/live') response.end('{"status":"ok"}');
      else if (request.method === 'POST' && request.url === '/api/things/1' && body === JSON.stringify(EXAMPLE)) {
        written += 1;
        response.end('{}');
      } else if (!onRefusal(request, body, response)) refuse(response);
    });
  };
  server = createServer({ requireHostHeader: false }, answer).on('checkExpectation', answer);
  for (const event of ['clientError', 'connect', 'upgrade'])
    server.on(event, (_about: unknown, socket: import('node:net').Socket) => {
      const body = problem(400, 'BAD_REQUEST');
      socket.on('error', () => undefined);
      socket.end(
        `HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: application/problem+json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
    });
  const listening = server;
  await new Promise<void>((resolve) => void listening.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

async function fuzz({ onRefusal, complaints = () => [] }: Planted = {}) {
  const url = await start(onRefusal);
  const stored = { whenStill: async () => new Map([['table things', String(written)]]) };
  const settings = {
    seed: 1,
    requests: 1_000,
    boundMs: 5_000,
    adminToken: 'token',
    codes: { BAD_REQUEST: { status: 400 } },
  };
  const calls = learnCalls(DESCRIPTION);
  const fuzzer = new Fuzzer({ ...settings, url, calls, stored, complaints, say: () => undefined });
  const violation = await fuzzer.run();
  const smallest = violation?.culprit && (await fuzzer.shrink(violation.culprit));
  return { what: violation?.what, steps: smallest?.steps.map(({ name }) => name) };
}

function isWithout(body: string): boolean {
  return body.startsWith('{"userId":1000') && !body.includes('"quantity"');
}

describe('the fuzzer', () => {
  it('finds nothing in a server that is as it should be', async () => {
    expect(await fuzz()).toEqual({ what: undefined, steps: undefined });
  });

  it('finds a status of 500, and what it takes', async () => {
    const { what, steps } = await fuzz({
      onRefusal: (_request, body, response) => isWithout(body) && refuse(response, 500, 'INTERNAL_ERROR'),
    });
    expect(what).toMatch(/^an error of the server: 500 .*INTERNAL_ERROR/);
    expect(steps).toHaveLength(1);
  });

  it('finds a 503 that does not say why, or when to ask again', async () => {
    const { what } = await fuzz({
      onRefusal: (_request, body, response) => isWithout(body) && refuse(response, 503, 'BAD_REQUEST'),
    });
    expect(what).toMatch(/^a code of another status: 503/);
  });

  it('finds a request that is never answered', async () => {
    expect((await fuzz({ onRefusal: (_request, body) => isWithout(body) })).what).toBe(
      'neither answered nor hung up on',
    );
  });

  it('finds a connection that ends without an answer', async () => {
    const { what } = await fuzz({
      onRefusal: (request, body) => isWithout(body) && Boolean(request.socket.destroy()),
    });
    expect(what).toBe('hung up on without an answer');
  });

  it('finds something that was written by a call that was refused, and by which', async () => {
    const { what, steps } = await fuzz({
      onRefusal: (_request, body) => {
        if (isWithout(body)) written += 1;
        return false;
      },
    });
    expect(what).toBe('refused, and yet this was written: table things');
    expect(steps?.length).toBeGreaterThan(0);
  });

  it.each([
    ['is no problem document', (response: ServerResponse) => refuse(response, 400, 'BAD_REQUEST', 'text/html')],
    ['a code that is not known, NO_SUCH', (response: ServerResponse) => refuse(response, 400, 'NO_SUCH')],
  ])('finds an error that clients cannot tell: %s', async (words, answer) => {
    const { what } = await fuzz({ onRefusal: (_request, body, response) => isWithout(body) && answer(response) });
    expect(what).toContain(words);
  });

  it('finds what the application says in its log', async () => {
    expect((await fuzz({ complaints: () => ['{"level":"error"}'] })).what).toBe('the app says: {"level":"error"}');
  });

  it('draws the same requests for the same seed, and others for another one', async () => {
    const calls = learnCalls(DESCRIPTION);
    const drawn = (seed: number) => {
      const fuzzer = new Fuzzer({
        seed,
        calls,
        url: 'http://127.0.0.1',
        requests: 1,
        boundMs: 1,
        adminToken: '',
        codes: {},
        stored: null,
        complaints: () => [],
        say: () => undefined,
      });
      return JSON.stringify(Array.from({ length: 100 }, (_, number) => fuzzer.draftOf(fuzzer.draw(number))));
    };
    expect(drawn(1)).toBe(drawn(1));
    expect(drawn(1)).not.toBe(drawn(2));
  });
});

function runFuzz(url: string, ...words: string[]) {
  return runCommand(COMMAND, words, { ...process.env, BASE_URL: url });
}

describe('npm run fuzz', () => {
  it('ends with 0 when no rule was broken', async () => {
    const url = await start();
    const { code, out } = await runFuzz(url, '--seed', '7', '--requests', '300');
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/No rule was broken \(seed 7\)/) });
  });

  it('ends with 1 at a violation, and says by which request of which seed', async () => {
    const url = await start((_request, body, response) => isWithout(body) && refuse(response, 500, 'INTERNAL_ERROR'));
    const { code, err } = await runFuzz(url, '--requests', '1000');
    expect(code).toBe(1);
    expect(err).toMatch(/A rule is broken \(seed 1\): an error of the server: 500/);
    const [, bytes = ''] = /^echo (\S+) \| base64 -d \| nc 127\.0\.0\.1 \d+$/m.exec(err) ?? [];
    expect(Buffer.from(bytes, 'base64').toString('latin1')).toMatch(/^\S* \/\S* HTTP/);
  });

  it.each([
    [['--seed', '0'], /--seed must be a whole number from 1 on, not "0"/],
    [['--requests', '1e9'], /--requests must be/],
    [['--nothing'], /There is no option --nothing/],
  ])('says what is wrong with %j', async (words, message) => {
    expect(await runFuzz('http://127.0.0.1:1', ...words)).toMatchObject({
      code: 1,
      err: expect.stringMatching(message),
    });
  });
});
