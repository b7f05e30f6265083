/** How the servers behind an address are found: one server, the master that sentinels name, or the masters of a cluster. */
export type RedisMode = 'single' | 'sentinel' | 'cluster';

/** A host (a name, or an address without brackets) and its port. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What `redis.url` says. */
export interface RedisAddress {
  readonly mode: RedisMode;
  readonly isEncrypted: boolean;
  /** The server itself, the sentinels, or some nodes of the cluster. */
  readonly endpoints: readonly Endpoint[];
  /** Under which the sentinels know the master; undefined in the other modes. */
  readonly masterName: string | undefined;
  /** Of the account on the servers that hold the data; those of the sentinels are settings of their own. */
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
}

/** The forms of an address, for a message. */
export const REDIS_ADDRESS_FORMS =
  'redis://host:port, redis+sentinel://host:port,host:port/0?name=mymaster or redis+cluster://host:port,host:port, each with TLS as rediss';

const SCHEME_PORTS = { single: 6379, sentinel: 26379, cluster: 6379 } as const;
const FORM =
  /^redis(?<tls>s?)(?:\+(?<mode>sentinel|cluster))?:\/\/(?:(?<account>[^@/?#]*)@)?(?<hosts>[^@/?#]+)(?:\/(?<database>\d*))?(?:\?(?<query>[^#]*))?$/;
const ENDPOINT = /^(?:\[(?<v6>[0-9a-f:.]+)\]|(?<name>[^\s:,[\]]+))(?::(?<port>\d{1,5}))?$/i;

/** @throws Error when it is none of {@link REDIS_ADDRESS_FORMS}; the message has nothing of it, since it may hold a password */
export function parseRedisAddress(url: string): RedisAddress {
  const parts = FORM.exec(url)?.groups;
  if (parts === undefined) throw new Error(`must be ${REDIS_ADDRESS_FORMS}`);
  const mode = (parts['mode'] ?? 'single') as RedisMode;
  const endpoints = parts['hosts']?.split(',').map((text) => parseEndpoint(text, SCHEME_PORTS[mode])) ?? [];
  if (mode === 'single' && endpoints.length > 1) {
    throw new Error('must name one host; several are for redis+sentinel:// or redis+cluster://');
  }
  const database = Number(parts['database'] ?? '');
  if (mode === 'cluster' && database !== 0) throw new Error('must not name a database: a cluster has only database 0');
  const [username, password] = parseAccount(parts['account'] ?? '');
  const masterName = parseQuery(mode, parts['query'] ?? '');
  return { mode, isEncrypted: parts['tls'] === 's', endpoints, masterName, username, password, database };
}

/** `host:port`, with brackets where the host has colons itself. */
export function endpointText({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The address without account and options: where the servers are. */
export function addressText({ mode, isEncrypted, endpoints, database }: RedisAddress): string {
  const scheme = `redis${isEncrypted ? 's' : ''}${mode === 'single' ? '' : `+${mode}`}`;
  return `${scheme}://${endpoints.map(endpointText).join(',')}${database === 0 ? '' : `/${database}`}`;
}

function parseEndpoint(text: string, defaultPort: number): Endpoint {
  const parts = ENDPOINT.exec(text)?.groups;
  const port = Number(parts?.['port'] ?? defaultPort);
  const host = parts?.['v6'] ?? parts?.['name'];
  if (host === undefined || port < 1 || port > 65_535) throw new Error(`must be ${REDIS_ADDRESS_FORMS}`);
  return { host, port };
}

function parseAccount(text: string): [username: string | undefined, password: string | undefined] {
  const [username = '', ...password] = text.split(':');
  try {
    return [decodeURIComponent(username) || undefined, decodeURIComponent(password.join(':')) || undefined];
  } catch {
    throw new Error('must have its account percent-encoded');
  }
}

/** The name of the master, which only sentinels need. What one server's address may have besides is ioredis' affair. */
function parseQuery(mode: RedisMode, query: string): string | undefined {
  if (mode === 'single') return undefined;
  const parameters = new URLSearchParams(query);
  const name = parameters.get('name') ?? undefined;
  const unknown = [...parameters.keys()].find((key) => key !== 'name' || mode !== 'sentinel');
  if (unknown !== undefined) throw new Error(`must not have the parameter ${JSON.stringify(unknown)}`);
  if (mode === 'sentinel' && !name) {
    throw new Error('must say under which name the sentinels know the master: redis+sentinel://…?name=mymaster');
  }
  return name;
}
