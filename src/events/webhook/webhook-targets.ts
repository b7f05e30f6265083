import { Inject, Injectable } from '@nestjs/common';
import { lookup as lookUp } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { CONFIG } from '../../platform/config/config.module.js';
import { messageOf } from '../../platform/errors/error-text.js';
import { ValidationFailedError } from '../../platform/errors/platform.errors.js';
import type { EventsConfig } from '../events.config.js';
import { isAllowedAddress } from './address-policy.js';

interface Address {
  readonly address: string;
  readonly family: number;
}

/** The addresses of a host by the resolver of the system; a test may set another one in its place. */
@Injectable()
export class HostAddresses {
  /** @throws what the resolver says */
  async of(host: string): Promise<Address[]> {
    return await lookUp(host, { all: true });
  }
}

/** The host leads to an address that is not allowed. */
export class ForbiddenAddressError extends Error {
  override readonly name = 'ForbiddenAddressError';

  constructor(host: string, address: string) {
    super(host === address ? `${address} is not allowed` : `${host} leads to ${address}, which is not allowed`);
  }
}

/**
 * Where a webhook may lead. A name is resolved when it is registered, and at each delivery, which then connects to what
 * was resolved and found allowed: whoever changes what a name means in between gains nothing.
 */
@Injectable()
export class WebhookTargets {
  constructor(
    private readonly hosts: HostAddresses,
    @Inject(CONFIG) private readonly config: EventsConfig,
  ) {}

  /** @throws ValidationFailedError naming `url` when the text is no address that is allowed now */
  async assertAllowed(text: string): Promise<void> {
    const problem = this.problemOf(text) ?? (await this.problemOfHost(new URL(text)));
    if (problem !== undefined) throw new ValidationFailedError([{ path: 'url', message: problem }]);
  }

  /** @throws ForbiddenAddressError for an address in the place of a name, which nobody looks up */
  assertAllowedLiteral(url: URL): void {
    const host = hostOf(url);
    if (isIP(host) !== 0) this.assertAllowedAddress(host, host);
  }

  /** For the connections of a delivery: nothing but addresses that are allowed. */
  readonly lookup: LookupFunction = (host, { all }, callback) => {
    void this.answer(host, (error, addresses) => {
      const [first] = addresses;
      if (all === true || first === undefined) callback(error, addresses);
      else callback(error, first.address, first.family);
    });
  };

  private async answer(
    host: string,
    callback: (error: NodeJS.ErrnoException | null, addresses: Address[]) => void,
  ): Promise<void> {
    let addresses: Address[];
    try {
      addresses = await this.resolve(host);
    } catch (error) {
      callback(error as NodeJS.ErrnoException, []);
      return;
    }
    callback(null, addresses);
  }

  /** All of its addresses, if all are allowed. @throws ForbiddenAddressError, and what the resolver says */
  private async resolve(host: string): Promise<Address[]> {
    const addresses = await this.hosts.of(host);
    if (addresses.length === 0) throw new Error(`${host} has no address`);
    for (const { address } of addresses) this.assertAllowedAddress(host, address);
    return addresses;
  }

  private assertAllowedAddress(host: string, address: string): void {
    if (!isAllowedAddress(address, this.config.webhooks.allowPrivateAddresses)) {
      throw new ForbiddenAddressError(host, address);
    }
  }

  private problemOf(text: string): string | undefined {
    if (!URL.canParse(text)) return `must be ${this.allowed}`;
    const { protocol, username, password } = new URL(text);
    const protocols = this.isProduction ? ['https:'] : ['https:', 'http:'];
    if (!protocols.includes(protocol)) return `must be ${this.allowed}`;
    if (username !== '' || password !== '') return 'must not have a user name or a password';
    return text.includes('#') ? 'must not have a fragment (#)' : undefined;
  }

  private async problemOfHost(url: URL): Promise<string | undefined> {
    try {
      const host = hostOf(url);
      if (isIP(host) === 0) await this.resolve(host);
      else this.assertAllowedAddress(host, host);
      return undefined;
    } catch (error) {
      if (error instanceof ForbiddenAddressError) return `must be ${this.allowed}: ${error.message}`;
      return `must be ${this.allowed}: its host cannot be resolved (${messageOf(error)})`;
    }
  }

  private get allowed(): string {
    const scheme = this.isProduction ? 'an https URL' : 'an http or https URL';
    return this.config.webhooks.allowPrivateAddresses
      ? `${scheme} that leads to no link-local, metadata, multicast or reserved address`
      : `${scheme} that leads to public addresses only`;
  }

  private get isProduction(): boolean {
    return this.config.profile === 'production';
  }
}

/** An IPv6 address stands in brackets in a URL. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
