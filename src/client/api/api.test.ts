import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { type EvidenceDouble, startEvidenceDouble } from '../../../test/support/evidence-double.ts';
import { ProoflineApi } from './api.ts';
import { isAmbiguous, ProoflineApiError, ProoflineNetworkError, parseRetryAfter } from './api-error.ts';
import { pathOf } from './transport.ts';

let double: EvidenceDouble;
before(async () => {
  double = await startEvidenceDouble();
});
after(() => double.close());

test('signs in, uses the session, and forgets it on signing out', async () => {
  const api = new ProoflineApi({ baseUrl: `${double.url}/` });
  await assert.rejects(
    api.createIncident(),
    (error) => error instanceof ProoflineApiError && error.status === 401 && error.code === 'authentication_required',
  );
  const session = await api.login('ada', 'correct horse battery');
  assert.equal(session.account.username, 'ada');
  const { incident_id } = await api.createIncident({ client_label: 'walk home' });
  const stream = await api.createStream(incident_id, { media_type: 'audio', label: 'microphone' });
  assert.deepEqual(
    (await api.streams(incident_id)).streams.map(({ id }) => id),
    [stream.id],
  );
  assert.equal((await api.incidents()).incidents.find(({ id }) => id === incident_id)?.client_label, 'walk home');
  assert.equal((await api.checkIn(incident_id, { device_battery_percent: 40 })).device_battery_percent, 40);
  assert.equal((await api.failStream(incident_id, stream.id, 'no sound')).status, 'failed');
  await api.closeIncident(incident_id);
  await api.logout();
  assert.equal(api.hasToken, false);
});

async function withAnswer(head: string, act: (api: ProoflineApi) => Promise<void>): Promise<void> {
  const server = createServer((request) => {
    request.resume().on('end', () => request.socket.end(head));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  try {
    await act(new ProoflineApi({ baseUrl: `http://127.0.0.1:${port}`, token: 't', timeoutMs: 1000 }));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const answer = (status: string, body: string, headers = '') =>
  `HTTP/1.1 ${status}\r\ncontent-length: ${body.length}\r\nconnection: close\r\n${headers}\r\n${body}`;

test('a page from a proxy becomes an error with its status, and says what to look at', async () => {
  await withAnswer(answer('502 Bad Gateway', '<html>', 'retry-after: 5\r\n'), async (api) => {
    await assert.rejects(api.account(), (error) => {
      assert.ok(
        error instanceof ProoflineApiError &&
          error.status === 502 &&
          error.code === 'unexpected_answer' &&
          error.retryAfterSeconds === 5,
      );
      assert.ok(isAmbiguous(error));
      return true;
    });
  });
});

test('an answer that is not the contract, not JSON, or cut short is ambiguous and never half believed', async () => {
  for (const [body, reason] of [
    ['{"account":{"id":7}}', 'answer'],
    ['hello', 'answer'],
  ] as const) {
    await withAnswer(answer('200 OK', body), async (api) => {
      await assert.rejects(api.account(), (error) => error instanceof ProoflineNetworkError && error.reason === reason);
    });
  }
  await withAnswer('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"acc', async (api) => {
    await assert.rejects(
      api.account(),
      (error) => error instanceof ProoflineNetworkError && error.reason === 'connection' && isAmbiguous(error),
    );
  });
});

test('a redirect is refused, so the session never travels to another address', async () => {
  await withAnswer(answer('307 Temporary Redirect', '', 'location: http://127.0.0.1:1/\r\n'), async (api) => {
    await assert.rejects(api.account(), ProoflineNetworkError);
  });
});

test('nobody listening, and nobody answering, are told apart', async () => {
  const nowhere = new ProoflineApi({ baseUrl: 'http://127.0.0.1:1' });
  await assert.rejects(
    nowhere.account(),
    (error) => error instanceof ProoflineNetworkError && error.reason === 'connection',
  );
  double.fault = () => ({ kind: 'stall' });
  const silent = new ProoflineApi({ baseUrl: double.url, timeoutMs: 80 });
  await assert.rejects(
    silent.account(),
    (error) => error instanceof ProoflineNetworkError && error.reason === 'timeout',
  );
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('enough')), 30);
  await assert.rejects(silent.account({ signal: controller.signal, timeoutMs: 5000 }), /enough/);
  double.fault = () => undefined;
});

test('Retry-After is read as seconds and as a date', () => {
  assert.equal(parseRetryAfter('12', 0), 12);
  assert.equal(parseRetryAfter('Thu, 01 Jan 1970 00:01:00 GMT', 30_000), 30);
  assert.equal(parseRetryAfter('Thu, 01 Jan 1970 00:00:00 GMT', 30_000), 0);
  assert.equal(parseRetryAfter('soon', 0), undefined);
  assert.equal(parseRetryAfter(null, 0), undefined);
});

test('an id cannot lead to another route, nor an address to another protocol', () => {
  assert.equal(pathOf('incidents', '../admin', 1), '/incidents/..%2Fadmin/1');
  assert.throws(() => new ProoflineApi({ baseUrl: 'file:///etc' }), TypeError);
});
