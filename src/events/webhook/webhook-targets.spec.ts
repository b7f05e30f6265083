import { describe, expect, it } from '@jest/globals';
import type { LookupAddress } from 'node:dns';
import type { EventsConfig } from '../events.config.js';
import { type HostAddresses, WebhookTargets } from './webhook-targets.js';

const NAMES: Readonly<Record<string, readonly string[]>> = {
  'public.example': ['8.8.8.8', '2001:4860:4860::8888'],
  'internal.example': ['10.0.0.7'],
  'mixed.example': ['8.8.8.8', '169.254.169.254'],
  'empty.example': [],
};

function addressesOf(host: string): Promise<LookupAddress[]> {
  const addresses = NAMES[host];
  if (addresses === undefined) return Promise.reject(new Error(`getaddrinfo ENOTFOUND ${host}`));
  return Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
}

function targets({ profile = 'local', allowPrivateAddresses = false } = {}): WebhookTargets {
  const config = { profile, webhooks: { allowPrivateAddresses } } as unknown as EventsConfig;
  return new WebhookTargets({ of: addressesOf } satisfies HostAddresses, config);
}

async function problemOf(url: string, options?: Parameters<typeof targets>[0]): Promise<string | undefined> {
  try {
    await targets(options).assertAllowed(url);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

async function lookUp(host: string, all: boolean): Promise<unknown[]> {
  return await new Promise((resolve) => {
    targets().lookup(host, { all }, (...answer: unknown[]) => resolve(answer));
  });
}

describe('a URL of a webhook', () => {
  it.each([
    ['https://public.example/hook', undefined],
    ['http://public.example:8080/hook?shop=1', undefined],
    ['https://8.8.8.8/hook', undefined],
    ['https://[2001:4860:4860::8888]/hook', undefined],
    ['nonsense', 'url: must be an http or https URL that leads to public addresses only'],
    ['ftp://public.example/', 'url: must be an http or https URL that leads to public addresses only'],
    ['https://user@public.example/', 'url: must not have a user name or a password'],
    ['https://:secret@public.example/', 'url: must not have a user name or a password'],
    ['https://public.example/#part', 'url: must not have a fragment (#)'],
    ['https://public.example/#', 'url: must not have a fragment (#)'],
    ['https://internal.example/', expect.stringContaining('internal.example leads to 10.0.0.7, which is not allowed')],
    ['https://mixed.example/', expect.stringContaining('mixed.example leads to 169.254.169.254')],
    ['https://unknown.example/', expect.stringContaining('its host cannot be resolved')],
    ['https://empty.example/', expect.stringContaining('its host cannot be resolved')],
    ['http://127.0.0.1/', expect.stringContaining('127.0.0.1 is not allowed')],
    ['http://2130706433/', expect.stringContaining('127.0.0.1 is not allowed')],
    ['http://0x7f.1/', expect.stringContaining('127.0.0.1 is not allowed')],
    ['http://0177.0.0.1/', expect.stringContaining('127.0.0.1 is not allowed')],
    ['http://[::1]/', expect.stringContaining('::1 is not allowed')],
    ['http://[::ffff:169.254.169.254]/', expect.stringContaining('is not allowed')],
  ])('%s', async (url, problem) => {
    expect(await problemOf(url)).toEqual(problem);
  });

  it('may lead to private addresses where that is said, and nowhere else', async () => {
    const options = { allowPrivateAddresses: true };
    expect(await problemOf('http://internal.example/', options)).toBeUndefined();
    expect(await problemOf('http://127.0.0.1:9000/', options)).toBeUndefined();
    expect(await problemOf('http://169.254.169.254/', options)).toContain('is not allowed');
    expect(await problemOf('http://mixed.example/', options)).toContain('is not allowed');
  });

  it('must be https in production', async () => {
    const options = { profile: 'production' };
    expect(await problemOf('http://public.example/', options)).toBe(
      'url: must be an https URL that leads to public addresses only',
    );
    expect(await problemOf('https://public.example/', options)).toBeUndefined();
  });
});

describe('the connection of a delivery', () => {
  it('goes to addresses that are all allowed, or nowhere', async () => {
    const [first, second] = await addressesOf('public.example');
    expect(await lookUp('public.example', true)).toEqual([null, [first, second]]);
    expect(await lookUp('public.example', false)).toEqual([null, first?.address, 4]);
    for (const all of [true, false]) {
      for (const host of ['internal.example', 'mixed.example', 'unknown.example']) {
        expect(await lookUp(host, all)).toEqual([expect.any(Error), []]);
      }
    }
  });
});
