import { type Browser, type BrowserContextOptions, chromium as driver, type Page } from 'playwright-core';
import { chromium } from '../../scripts/services/chromium.mjs';
import { expect } from '@jest/globals';
import { atEndOfFile } from './cleanup.js';
import { eventually } from './poll.js';
import type { Site } from './site.js';

/** For a `beforeAll` that opens a browser: a Chromium may have to be installed. */
export const INSTALLING_MS = 600_000;

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A Chromium, installed if need be; closed at the end of the test file. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = await chromium((line) => process.stderr.write(`${line}\n`));
  const browser = await driver.launch({ executablePath, args: ARGUMENTS });
  atEndOfFile(() => browser.close());
  return browser;
}

/**
 * A window of a person of their own. What the page itself complains about (a refused script, an error) is collected.
 */
export async function openWindow(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    // A call that is refused, or gets no answer, is reported by the browser whatever the page does about it.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  await page.goto(url);
  return { page, complaints };
}

/** Does something in such a window, about which the browser must not complain, and closes it. */
export async function withWindow(
  browser: Browser,
  url: string,
  work: (page: Page) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  const { page, complaints } = await openWindow(browser, url, options);
  try {
    await work(page);
    expect(complaints).toEqual([]);
  } finally {
    await page.context().close();
  }
}

/** As {@link withWindow}, on the live page of the application that runs now. */
export async function withDashboard(
  browser: Browser,
  { app }: Pick<Site, 'app'>,
  work: (page: Page) => Promise<void>,
  { hash = '', options = {} }: { hash?: string; options?: BrowserContextOptions } = {},
): Promise<void> {
  await withWindow(browser, `${app.url}/dashboard${hash}`, work, options);
}

/** Waits until the first of these elements shows the text. */
export async function shows(page: Page, selector: string, text: string | RegExp): Promise<void> {
  await eventually(async () => expect(await page.locator(selector).first().innerText({ timeout: 1000 })).toMatch(text));
}

/** Waits until the element is there and shows nothing. */
export async function showsNothing(page: Page, selector: string): Promise<void> {
  await eventually(async () => expect(await page.locator(selector).innerText({ timeout: 1000 })).toBe(''));
}
