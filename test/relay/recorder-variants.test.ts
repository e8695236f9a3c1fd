import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ProoflineApi } from '#client/api/api.ts';
import { LiveClient } from '#client/live/live-client.ts';
import { invitationsIn } from '#features/viewer/assets/follow-relay.js';
import type { RecorderEvent } from '#recorder/recorder-event.ts';
import { openWorld, type World } from '../http/support/world.ts';
import { startRecorder } from '../support/recorder.ts';
import { cli, scratchFolder, type TestServer } from '../support/server.ts';
import { unusedPort } from '../support/services/unused-port.ts';
import { startRelay } from './support/relay-process.ts';

const folder = scratchFolder('relay-variants');
const [privateKey, publicKeys] = [join(folder.path, 'eu-1.key.json'), join(folder.path, 'relays.json')];
let world: World;
let relay: TestServer;

before(async () => {
  assert.equal((await cli(['keys', 'relay', 'eu-1', '--private', privateKey, '--public', publicKeys])).code, 0);
  const port = await unusedPort();
  world = await openWorld('relay-variants', {
    SAFE_RELAY_API_BIND_ADDRS: '127.0.0.1:0',
    SAFE_RELAY_PUBLIC_KEYS_FILE: publicKeys,
    SAFE_RELAY_URL: `http://127.0.0.1:${port}`,
  });
  relay = await startRelay({
    folder: folder.path,
    coreUrl: world.server.relayApiUrl,
    env: {
      SAFE_RELAY_STATIC_TOKEN: '',
      SAFE_RELAY_PRIVATE_KEY_FILE: privateKey,
      SAFE_RELAY_BIND_ADDRS: `127.0.0.1:${port}`,
    },
  });
});
after(async () => {
  await world.close();
  folder.remove();
});

/** Whoever has the link hears of the preview and of the sound at the relay, and of nothing else. */
async function readsAlong(hash: string, events: readonly RecorderEvent[]): Promise<void> {
  const connected = events.find((event) => event.event === 'capture_connected');
  const incident = connected?.event === 'capture_connected' ? connected.incident_id : '';
  const { streams } = (await world.ada.get(`/v1/incidents/${incident}/streams`)).body;
  const invited = invitationsIn(hash);
  assert.deepEqual(
    invited.map(({ streamId }) => streams.find(({ id }: { id: string }) => id === streamId)?.variant_role).sort(),
    ['audio_priority', 'live_preview'],
  );
  for (const { streamId, capability } of invited) {
    const client = new LiveClient({ relayUrl: relay.url, token: capability, incidentId: incident, streamId });
    const stop = new AbortController();
    for await (const event of client.follow({ signal: stop.signal })) {
      if (event.kind !== 'chunk') continue;
      assert.ok(event.chunk.chunk_index > 0);
      break;
    }
    stop.abort();
  }
}

test('a capture goes through the relay, each stream by a capability of its own, and past it once it is killed', async () => {
  const token = join(folder.path, 'token');
  writeFileSync(token, world.ada.token);
  const places = join(folder.path, 'places.jsonl');
  writeFileSync(places, '{"lat":48.2}\n');
  const source = [
    '--generate',
    '12x40KB',
    '--every',
    '300ms',
    '--variants',
    '--context',
    places,
    '--relay',
    '--live-link',
  ];
  const signIn = ['--server', world.server.url, '--token-file', token];
  const recorder = startRecorder([...source, ...signIn, '--state', join(folder.path, 'state')], {});
  await recorder.accepted(8);
  const [live] = recorder.events.flatMap((event) => (event.event === 'live_link' ? [new URL(event.url)] : []));
  assert.ok(live, 'a link is there while it is recorded');
  assert.equal((await fetch(new URL(live.pathname, world.server.url))).status, 200, 'it is the link of a viewer');
  await readsAlong(live.hash, recorder.events);
  await relay.kill();
  assert.equal(await recorder.ended, 0, recorder.stderr() + JSON.stringify(recorder.events.slice(-3)));
  assert.ok((relay.log().match(/"method":"PUT"[^\n]*"status":201,/g)?.length ?? 0) > 0, 'nothing went through it');
  const states = recorder.events.flatMap((event) => (event.event === 'relay' ? [event.state] : []));
  assert.deepEqual(states.slice(0, 2), ['used', 'away']);

  const api = new ProoflineApi({ baseUrl: world.server.url, token: world.ada.token });
  const incidentId = (await api.incidents()).incidents[0]?.id ?? '';
  const group = (await api.captureGroups(incidentId)).capture_groups[0]?.id ?? '';
  const { segments } = await api.resolution(incidentId, group);
  assert.equal(segments.length, 12);
  assert.ok(segments.every(({ chosen, master }) => chosen.variant_role === 'evidence_master' && master === 'present'));
  const { streams, chunks } = await api.incident(incidentId);
  assert.equal(chunks.length, 3 * 12 + 1, 'each chunk once, whichever way it went');
  assert.ok(streams.every(({ status }) => status === 'complete'));
});
