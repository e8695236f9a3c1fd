import { type Api, openIncident, openStream, api as withToken } from '../support/api.ts';
import type { PromisedFact } from '../support/ledger.ts';
import type { Random } from '../support/random.ts';
import { adminPassword } from '../support/server.ts';

/** Everything but a chunk that the API acknowledges: one is made, and the fact that must hold from its answer on is returned. */
export async function promiseSomething(ada: Api, url: string, random: Random): Promise<PromisedFact> {
  return await random.pick([newIncident, newStream, closedIncident, newAccount, revokedToken, endedSession])(ada, url);
}

async function newIncident(ada: Api): Promise<PromisedFact> {
  const id = await openIncident(ada);
  return {
    name: `incident ${id} created`,
    broken: async (as) => expectStatus(await as.call('GET', `/v1/incidents/${id}`), 200),
  };
}

async function newStream(ada: Api): Promise<PromisedFact> {
  const incident = await openIncident(ada);
  const stream = await openStream(ada, incident);
  return {
    name: `stream ${stream} created`,
    broken: async (as) => expectStatus(await as.call('GET', `/v1/incidents/${incident}/streams/${stream}`), 200),
  };
}

async function closedIncident(ada: Api): Promise<PromisedFact> {
  const id = await openIncident(ada);
  demand((await ada.call('POST', `/v1/incidents/${id}/close`)).status, 200);
  return {
    name: `incident ${id} closed`,
    broken: async (as) => {
      const { body } = await as.call('GET', `/v1/incidents/${id}`);
      return body?.incident?.status === 'closed' ? undefined : `is ${body?.incident?.status}`;
    },
  };
}

async function newAccount(ada: Api): Promise<PromisedFact> {
  const username = `user-${process.hrtime.bigint()}`;
  const made = await ada.call('POST', '/v1/admin/accounts', { username, password: adminPassword });
  demand(made.status, 201);
  return {
    name: `account ${username} created`,
    // Ending its sessions says whether the account exists, without the cost of a sign-in.
    broken: async (as) =>
      expectStatus(await as.call('POST', `/v1/admin/accounts/${made.body.account.id}/sessions/revoke`), 200),
  };
}

async function revokedToken(ada: Api): Promise<PromisedFact> {
  const incident = await openIncident(ada);
  const { body } = await ada.call('POST', `/v1/incidents/${incident}/incident-tokens`, {});
  demand((await ada.call('POST', `/v1/incident-tokens/${body.token_id}/revoke`)).status, 200);
  return {
    name: `viewer token ${body.token_id} revoked`,
    // Only one that still works can be revoked.
    broken: async (as) => expectStatus(await as.call('POST', `/v1/incident-tokens/${body.token_id}/revoke`), 404),
  };
}

async function endedSession(_ada: Api, url: string): Promise<PromisedFact> {
  const login = await withToken(url).call('POST', '/v1/auth/login', { username: 'ada', password: adminPassword });
  demand(login.status, 201);
  demand((await withToken(url, login.body.token).call('POST', '/v1/auth/logout')).status, 204);
  return {
    name: `session ${login.body.session_id} ended`,
    broken: async (as) => {
      const answer = await fetch(`${as.url}/v1/account`, { headers: { authorization: `Bearer ${login.body.token}` } });
      return answer.status === 401 ? undefined : `it still answers ${answer.status}`;
    },
  };
}

/** A completed stream cannot be made of nothing, so it is made of chunks that were accepted before. */
export function completedStream(incident: string, stream: string, count: number): PromisedFact {
  return {
    name: `stream ${stream} completed with ${count}`,
    broken: async (as) => {
      const { body } = await as.call('GET', `/v1/incidents/${incident}/streams/${stream}`);
      return body?.stream?.status === 'complete' && body.stream.expected_chunk_count === count
        ? undefined
        : `is ${body?.stream?.status}`;
    },
  };
}

function demand(status: number, wanted: number): void {
  if (status !== wanted) throw new Error(`the machine under test answered ${status}, not ${wanted}, before any fault`);
}

function expectStatus(answer: { status: number }, wanted: number): string | undefined {
  return answer.status === wanted ? undefined : `answered ${answer.status}`;
}
