import { connect } from 'node:net';

/** Sends the request and is gone before the answer. */
export function askAndVanish(port: number, method: 'GET' | 'POST', path: string, content?: object): Promise<void> {
  const body = content === undefined ? '' : JSON.stringify(content);
  const type = content === undefined ? '' : 'Content-Type: application/json\r\n';
  const head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${type}Content-Length: ${body.length}`;
  return sendAndVanish(port, `${head}\r\n\r\n${body}`);
}

/** Sends the bytes of a request and is gone before the answer. */
export function sendAndVanish(port: number, request: string | Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('error', reject);
    socket.once('close', () => resolve());
    socket.once('connect', () => socket.write(request, () => socket.destroy()));
  });
}
