import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { adminBrowser, signInToPages } from '../support/admin-pages.ts';
import { SignedInBrowser } from './support/signed-in-browser.ts';
import { openWorld, password, type World } from './support/world.ts';

let world: World;
before(async () => {
  world = await openWorld('sign-in-limits', {
    SAFE_MAIN_API_RATE_LIMIT_ENABLED: 'true',
    SAFE_MAIN_API_RATE_LIMIT_WINDOW: '10m',
    SAFE_MAIN_API_RATE_LIMIT_SIGN_IN: '4',
    SAFE_TRUSTED_PROXIES: '127.0.0.1',
  });
});
after(() => world.close());

let peers = 0;
const fromAnywhere = () => ({ 'x-forwarded-for': `192.0.2.${++peers}`, 'x-forwarded-proto': 'https' });

const guess = (username: string, secret = 'not the password') =>
  world.nobody.call('POST', '/v1/auth/login', { username, password: secret }, fromAnywhere());

test('guesses at one username are counted together from wherever they come, and others are not', async () => {
  for (let i = 0; i < 4; i++) assert.equal((await guess(i % 2 === 0 ? 'ada' : ' ADA ')).status, 401);
  const refused = await guess('ada', password);
  assert.deepEqual([refused.status, refused.code], [429, 'rate_limited'], 'also with the right password');
  assert.ok(Number(refused.headers.get('retry-after')) >= 1);
  for (let i = 0; i < 4; i++) assert.equal((await guess('nobody-of-that-name')).status, 401);
  assert.equal((await guess('nobody-of-that-name')).status, 429, 'a name that nobody has is told no other way');
  assert.equal((await guess('bob', password)).status, 201);
});

test('a browser that somebody signed in with before is not kept out by the guesses of strangers', async () => {
  const made = await world.root.call('POST', '/v1/admin/accounts', { username: 'dora', password }, fromAnywhere());
  assert.equal(made.status, 201);
  const browser = new SignedInBrowser(world.nobody);
  const signIn = (one: SignedInBrowser, secret = password) =>
    one.call('POST', '/v1/auth/browser/login', { username: 'dora', password: secret }, fromAnywhere());
  assert.equal((await signIn(browser)).status, 201);
  for (let i = 0; i < 6; i++) await guess('dora');
  assert.equal((await signIn(new SignedInBrowser(world.nobody))).status, 429);
  assert.equal((await signIn(browser)).status, 201);

  const stolen = browser.copy();
  for (let i = 0; i < 4; i++) assert.equal((await signIn(stolen, 'not the password')).status, 401);
  assert.equal((await signIn(stolen, 'not the password')).status, 429, 'the cookie itself has a limit too');

  const forged = new SignedInBrowser(world.nobody);
  forged.cookies.set('__Host-proofline_device', `${'n'.repeat(43)}.${'s'.repeat(43)}`);
  assert.equal((await signIn(forged)).status, 429);
});

test('who guesses on the main listener does not keep an administrator out of the admin pages', async () => {
  for (let i = 0; i < 6; i++) await guess('root');
  assert.equal((await guess('root', password)).status, 429);
  const pages = adminBrowser(world.server.adminUrl);
  assert.equal((await signInToPages(pages, 'root', password)).status, 303);
});
