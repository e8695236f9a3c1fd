import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const chromiumPath = process.env.PROOFLINE_TEST_CHROMIUM ?? '/usr/bin/chromium';

/** The system's Chromium. A test without it fails and says what to install: it never passes in silence. */
export async function startBrowser(): Promise<Browser> {
  if (!existsSync(chromiumPath))
    throw new Error(`Browser tests need Chromium at ${chromiumPath}. Install it: apt-get install chromium`);
  return await chromium.launch({
    executablePath: chromiumPath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface Watched {
  context: BrowserContext;
  page: Page;
  /** Console errors, page errors and requests to other hosts so far: all of them are defects. */
  complaints: string[];
}

export const phone = { width: 360, height: 740 };
export const desktop = { width: 1280, height: 900 };

/** A page in a fresh profile that notes whatever a good page never does. `expected` are statuses that the test provokes. */
export async function openWatched(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions & { expected?: readonly number[] } = {},
): Promise<Watched> {
  const { expected = [], ...contextOptions } = options;
  const context = await browser.newContext({ viewport: phone, reducedMotion: 'reduce', ...contextOptions });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`error in the page: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() !== 'error') return;
    const provoked = expected.some((status) => message.text().includes(`status of ${status}`));
    if (!provoked) complaints.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`)) complaints.push(`request to ${request.url()}`);
  });
  return { context, page, complaints };
}

/** No violation of WCAG 2 A and AA in either colour scheme, and nothing that must be scrolled for sideways. */
export async function assertAccessible(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    // A frame in a sandbox runs nothing, axe neither.
    const axe = new AxeBuilder({ page }).exclude('iframe');
    // The scheme changes colours and nothing else, so the second look is at them alone.
    if (colorScheme === 'light') axe.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']);
    else axe.withRules(['color-contrast']);
    const { violations, passes } = await axe.analyze();
    assert.ok(passes.length > 0, 'axe found something to look at');
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`);
    assert.deepEqual(found, [], `${new URL(page.url()).pathname.replace(/^\/[ie]\/[^/]+/, '/i/…')} in ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  const root = 'document.documentElement';
  const [needed = 0, there = 0] = await page.evaluate<number[]>(`[${root}.scrollWidth, ${root}.clientWidth]`);
  assert.ok(needed <= there, `needs ${needed} px of ${there}`);
}
