import type { Page } from 'playwright-core';
import { adminPassword } from './server.ts';

export async function signInToVault(page: Page, url: string, username: string): Promise<void> {
  await signInWithoutScripts(page, url, username);
  await scriptsReady(page);
}

export async function signInWithoutScripts(page: Page, url: string, username: string): Promise<void> {
  await page.goto(`${url}/documents`);
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Password').fill(adminPassword);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { level: 1, name: 'Files' }).waitFor();
}

/** Keys and dropped files are heard once the scripts are there. */
export async function scriptsReady(page: Page): Promise<void> {
  await page.locator('html[data-ready]').waitFor();
}

/** Drops files and folders of this machine in the middle of the page, as a hand with a mouse does. */
export async function dropFiles(page: Page, paths: readonly string[]): Promise<void> {
  await scriptsReady(page);
  const devtools = await page.context().newCDPSession(page);
  const { height, width } = page.viewportSize() ?? { width: 800, height: 600 };
  const data = { items: [], files: [...paths], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await devtools.send('Input.dispatchDragEvent', { type, x: width / 2, y: height / 2, data });
  await devtools.detach();
}

/** From now on the page sends no faster. Bytes a second. */
export async function limitUploads(page: Page, bytesPerSecond: number): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Network.enable');
  await devtools.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: bytesPerSecond,
  });
}
