import { isIP } from 'node:net';
import { rule, urlOf } from './settings.js';

/** How a connection to MySQL is encrypted, from the least to the most demanding. */
export const TLS_MODES = ['off', 'required', 'verify-ca', 'verify-full'] as const;

export type TlsMode = (typeof TLS_MODES)[number];

type ModeOf = (value: string) => TlsMode | undefined;

/**
 * What clients of MySQL write into a URL. The modes that fall back to plain text (PREFERRED, prefer, allow) are not
 * among them: whoever stands between us and the server decides what these mean.
 */
const PARAMETERS: ReadonlyMap<string, { readonly allowed: string; readonly modeOf: ModeOf }> = new Map([
  // MySQL's own programs.
  parameter('ssl-mode', {
    DISABLED: 'off',
    REQUIRED: 'required',
    VERIFY_CA: 'verify-ca',
    VERIFY_IDENTITY: 'verify-full',
  }),
  parameter('sslmode', { disable: 'off', require: 'required', 'verify-ca': 'verify-ca', 'verify-full': 'verify-full' }),
  // Prisma.
  parameter('sslaccept', { accept_invalid_certs: 'required', strict: 'verify-full' }),
  // mysql2 and TypeORM; there `true` means what `{}` does.
  [
    'ssl',
    {
      allowed: 'true, false or JSON with rejectUnauthorized and verifyIdentity',
      modeOf: modeOfDriverOptions,
    },
  ],
]);

function parameter(name: string, modes: Record<string, TlsMode>): [string, { allowed: string; modeOf: ModeOf }] {
  const modeByValue = new Map(Object.entries(modes).map(([value, mode]) => [value.toLowerCase(), mode]));
  const allowed = Object.keys(modes).join(', ');
  return [name, { allowed: `one of ${allowed}`, modeOf: (value) => modeByValue.get(value.toLowerCase()) }];
}

/** As mysql2 reads its option `ssl`: certificates are verified unless told otherwise, host names only if told. */
function modeOfDriverOptions(value: string): TlsMode | undefined {
  if (value === 'true') return 'verify-ca';
  if (value === 'false') return 'off';
  const options = jsonObject(value);
  if (options === undefined) return undefined;
  const { rejectUnauthorized = true, verifyIdentity = false, ...unknown } = options;
  if (typeof rejectUnauthorized !== 'boolean' || typeof verifyIdentity !== 'boolean') return undefined;
  // A name in a certificate that anybody may have made is worth nothing.
  if (Object.keys(unknown).length > 0 || (verifyIdentity && !rejectUnauthorized)) return undefined;
  return verifyIdentity ? 'verify-full' : rejectUnauthorized ? 'verify-ca' : 'required';
}

function jsonObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** `database.url`: complete, and without parameters that we would not heed. */
export const databaseUrl = urlOf(
  /^(mysql|mariadb):$/,
  'must be mysql://user:password@host:port/schema',
  isComplete,
).check(({ value, issues }) => {
  const message = URL.canParse(value) ? problemOfParameters(new URL(value)) : undefined;
  if (message !== undefined) issues.push({ code: 'custom', input: value, message });
});

function isComplete({ username, password, hostname, pathname }: URL): boolean {
  return pathname.length > 1 && [username, password, hostname, pathname].every(isDecodable);
}

/** False for a `%` that begins no escape, as in a password that was not escaped. */
function isDecodable(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}

/** Fit to be printed: no value of the URL is in it. */
function problemOfParameters({ searchParams }: URL): string | undefined {
  const modes = new Set<TlsMode>();
  for (const [name, value] of searchParams) {
    const known = PARAMETERS.get(name.toLowerCase());
    if (known === undefined) {
      return `must have no parameters but ${[...PARAMETERS.keys()].join(', ')}; ${JSON.stringify(name)} is not known`;
    }
    const mode = known.modeOf(value);
    if (mode === undefined) return `must give its parameter ${name} as ${known.allowed}`;
    modes.add(mode);
  }
  return modes.has('off') && modes.size > 1 ? 'must not both ask for TLS and turn it off' : undefined;
}

interface TlsSettings {
  readonly url: string;
  readonly tls: { readonly mode: TlsMode; readonly ca?: string | undefined };
}

/** Makes `tls.mode` what holds: the most demanding of the setting and the parameters of the URL. */
export function withModeOfUrl<T extends TlsSettings>(settings: T): T {
  return { ...settings, tls: { ...settings.tls, mode: strictestMode(settings.url, settings.tls.mode) } };
}

function strictestMode(url: string, setting: TlsMode): TlsMode {
  const modes = [...new URL(url).searchParams].map(([name, value]) =>
    PARAMETERS.get(name.toLowerCase())?.modeOf(value),
  );
  return [...TLS_MODES].findLast((mode) => mode === setting || modes.includes(mode)) ?? setting;
}

/** The mode that holds, of settings that may be wrong elsewhere; undefined when it cannot be told. */
function modeThatHolds({ url, tls }: Partial<{ url: string; tls: { mode?: TlsMode } }>): TlsMode | undefined {
  if (url === undefined || !URL.canParse(url) || tls?.mode === undefined) return undefined;
  return strictestMode(url, tls.mode);
}

/** Whether the server's certificate is verified, for which one has to know who may have signed it. */
export function verifiesCertificate(mode: TlsMode): boolean {
  return mode === 'verify-ca' || mode === 'verify-full';
}

/** What must be true of the settings of `database` together. */
export const tlsRules = [
  rule<TlsSettings>(
    ['tls', 'ca'],
    'must not be set unless database.tls.mode is verify-ca or verify-full',
    (database) => {
      const mode = modeThatHolds(database);
      return mode === undefined || database.tls?.ca === undefined || verifiesCertificate(mode);
    },
  ),
  rule<TlsSettings>(
    ['url'],
    'must have a host name for verify-full: the driver does not verify the address in a certificate',
    (database) => modeThatHolds(database) !== 'verify-full' || isIP(hostOf(new URL(database.url ?? ''))) === 0,
  ),
] as const;

/** The host of a URL as a socket wants it: an IPv6 address without brackets. */
export function hostOf({ hostname }: URL): string {
  return decodeURIComponent(hostname.replace(/^\[(.*)\]$/, '$1'));
}
