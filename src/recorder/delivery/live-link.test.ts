import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProoflineApiError } from '#client/api/api-error.ts';
import { invitationsIn } from '#features/viewer/assets/follow-relay.js';
import type { RecorderEvent } from '../recorder-event.ts';
import { makeLiveLink } from './live-link.ts';
import type { ServerSession } from './server-session.ts';

/** A session at a server whose answers about capabilities are given. */
async function linkOf(capabilityOf: (streamId: string) => string, signal = new AbortController().signal) {
  const events: RecorderEvent[] = [];
  const api = {
    createRelayCapability: async (_: string, streamId: string) => ({ token: capabilityOf(streamId) }),
    createViewerToken: async () => ({ token: 'tok' }),
    viewerUrl: (token: string) => `https://evidence.example/i/${token}`,
  };
  const session = { api, persist: async (_: string, act: () => Promise<unknown>) => await act() };
  // The parts of a session that a link needs.
  const enough = session as unknown as ServerSession;
  await makeLiveLink(
    enough,
    'inc_1',
    async () => ['str_01', 'str_02'],
    (event) => events.push(event),
    signal,
  );
  return events;
}

function refuse(code: string): never {
  throw new ProoflineApiError(409, code, `${code}.`);
}

test('invites to every stream that may be read along with, behind the # of the link', async () => {
  const [event, ...more] = await linkOf((id) => (id === 'str_02' ? refuse('relay_role_not_eligible') : `of-${id}`));
  assert.ok(event?.event === 'live_link');
  assert.equal(event.url.replace(/#.*/, ''), 'https://evidence.example/i/tok');
  assert.deepEqual(invitationsIn(new URL(event.url).hash), [{ streamId: 'str_01', capability: 'of-str_01' }]);
  assert.deepEqual(more, []);
});

test('where the server has no relay it is a link all the same, and that is said', async () => {
  const [event, notice] = await linkOf(() => refuse('relay_not_configured'));
  assert.ok(event?.event === 'live_link' && event.url === 'https://evidence.example/i/tok');
  assert.ok(notice?.event === 'notice' && /Nobody can read along/.test(notice.message));
});

test('what is in its way costs the link alone; nothing is said of it when the recording is over', async () => {
  const [notice, ...more] = await linkOf(() => refuse('incident_closed'));
  assert.ok(notice?.event === 'notice' && /No live link could be made: incident_closed/.test(notice.message));
  assert.deepEqual(more, []);
  assert.deepEqual(await linkOf(() => refuse('incident_closed'), AbortSignal.abort()), []);
});
