/** What a command or a script answers: as RESP2 has it, with a status as `{ ok }`. */
export type Reply = number | string | null | { readonly ok: string } | readonly Reply[];

export const OK: Reply = { ok: 'OK' };

/** An error that Redis answers with; what a client throws then. */
export class RedisReplyError extends Error {
  override readonly name = 'ReplyError';
}

/**
 * The real Redis would do something here that the simulated one does not know. It is no answer of Redis, so that no
 * script and no saga takes it for one: whoever meets it has to write the missing part.
 */
export class NotSimulatedError extends Error {
  override readonly name = 'NotSimulatedError';

  constructor(what: string) {
    super(`${what} is not simulated`);
  }
}

export function wrongType(): RedisReplyError {
  return new RedisReplyError('WRONGTYPE Operation against a key holding the wrong kind of value');
}

export function syntaxError(): RedisReplyError {
  return new RedisReplyError('ERR syntax error');
}

export function invalidExpireTime(command: string): RedisReplyError {
  return new RedisReplyError(`ERR invalid expire time in '${command}' command`);
}
