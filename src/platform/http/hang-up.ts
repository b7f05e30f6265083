import type { FastifyReply } from 'fastify';

/**
 * Calls `listener` once when the client waits no longer for the answer: it has it, or has hung up. One that only says that
 * it will send no more cannot be told from one that has hung up, so a handler that waits answers it with what there is.
 */
export function onceUnawaited({ raw, request }: FastifyReply, listener: () => void): void {
  const { socket } = request.raw;
  const end = (): void => {
    raw.off('close', end);
    socket.off('end', end);
    listener();
  };
  if (raw.destroyed || socket.readableEnded) {
    listener();
    return;
  }
  raw.once('close', end);
  socket.once('end', end);
}
