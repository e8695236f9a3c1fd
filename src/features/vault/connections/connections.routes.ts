import { textOf } from '#http/read-form.ts';
import type { Route } from '#http/route.ts';
import { isProblem, Problem } from '#kit/errors.ts';
import { jobsAnswer } from '../answers.ts';
import type { Api } from '../api.ts';
import { jobLine } from '../document/document.routes.ts';
import { allPlaces } from '../files/acts.routes.ts';
import { backTo, type Gate, type Visit } from '../gate.ts';
import { type Connection, connectionAnswer, connectionsAnswer, entriesAnswer } from './answers.ts';
import { browsePage, connectionPage } from './connection.pages.ts';
import { connectionsPage, newConnectionPage } from './connections.pages.ts';

const path = '/v1/cloud-connections/:connection_id';

/** Other places for files: what they have comes here, or what is here goes there. */
export function connectionRoutes({ gate, api }: { gate: Gate; api: Api }): Route[] {
  const paramsOf = (visit: Visit) => ({ connection_id: visit.param('connection_id') });
  const base = (visit: Visit) => `/documents/connections/${visit.param('connection_id')}`;
  return [
    gate.page('/documents/connections', 'Connections to other places', async (visit) => {
      return await connectionsPage(visit, await all(visit));
    }),
    gate.page('/documents/connections/new', 'Add a connection', (visit) =>
      newConnectionPage(visit, { kind: visit.query.get('kind') === 's3' ? 's3' : 'webdav' }),
    ),
    gate.act('/documents/connections/new', 'Add a connection', async (visit, form) => {
      const kind = form.get('kind') === 's3' ? 's3' : 'webdav';
      try {
        const answer = await api.act(visit, 'POST', '/v1/cloud-connections', { json: wishOf(form, kind) });
        const { connection } = connectionAnswer.parse(await answer.json());
        return backTo(new URLSearchParams(), `/documents/connections/${connection.id}`, 'connected');
      } catch (error) {
        return await newConnectionPage(visit, { kind, typed: form, errors: errorsOf(error) });
      }
    }),
    gate.page('/documents/connections/:connection_id', 'A connection', async (visit) => {
      const [connection, { jobs }, places] = await Promise.all([
        one(visit),
        api.read(visit, `${path}/jobs`, jobsAnswer, { params: paramsOf(visit), query: { limit: '20' } }),
        allPlaces(api, visit),
      ]);
      return await connectionPage(visit, { connection, jobs: jobs.map(jobLine), places });
    }),
    gate.page('/documents/connections/:connection_id/browse', 'What lies on the other side', async (visit) => {
      const [connection, places] = await Promise.all([one(visit), allPlaces(api, visit)]);
      const at = visit.query.get('path') ?? '';
      const cursor = visit.query.get('cursor');
      const shown = { connection, path: at, places };
      try {
        const answer = await api.read(visit, `${path}/entries`, entriesAnswer, {
          params: paramsOf(visit),
          query: { limit: '200', path: at, ...(cursor === null ? {} : { cursor }) },
        });
        return await browsePage(visit, { ...shown, entries: answer.entries, nextCursor: answer.next_cursor });
      } catch (error) {
        if (!isProblem(error)) throw error;
        return await browsePage(visit, { ...shown, entries: [], nextCursor: undefined, wrong: error.message });
      }
    }),
    gate.act('/documents/connections/:connection_id/test', 'Test a connection', async (visit) => {
      try {
        await api.act(visit, 'POST', `${path}/test`, { params: paramsOf(visit) });
      } catch (error) {
        if (!isProblem(error)) throw error;
        // The page of the connection says what was wrong.
        return backTo(new URLSearchParams(), base(visit));
      }
      return backTo(new URLSearchParams(), base(visit), 'tested');
    }),
    gate.act('/documents/connections/:connection_id/import', 'Import', async (visit, form) => {
      const [at, folder] = [form.get('path') ?? '', form.get('folder') ?? ''];
      const json = { ...(at === '' ? {} : { path: at }), ...(folder === '' ? {} : { folder_id: folder }) };
      await api.act(visit, 'POST', `${path}/import`, { params: paramsOf(visit), json });
      return backTo(new URLSearchParams(), base(visit), 'importing');
    }),
    gate.act('/documents/connections/:connection_id/mirror', 'Set the mirror', async (visit, form) => {
      const every = Number(form.get('every') ?? '');
      const json = {
        mirror_folder_id: form.get('folder') || null,
        mirror_path: textOf(form, 'path'),
        mirror_every_seconds: every > 0 ? every : null,
      };
      await api.act(visit, 'PATCH', path, { params: paramsOf(visit), json });
      if (form.has('now')) await api.act(visit, 'POST', `${path}/mirror`, { params: paramsOf(visit) });
      return backTo(new URLSearchParams(), base(visit), 'mirror');
    }),
    gate.act('/documents/connections/:connection_id/remove', 'Remove a connection', async (visit) => {
      await api.act(visit, 'DELETE', path, { params: paramsOf(visit) });
      return backTo(new URLSearchParams(), '/documents/connections', 'disconnected');
    }),
  ];

  async function all(visit: Visit): Promise<Connection[]> {
    const query = { limit: '200' };
    return (await api.read(visit, '/v1/cloud-connections', connectionsAnswer, { query })).connections;
  }

  async function one(visit: Visit): Promise<Connection> {
    const found = (await all(visit)).find(({ id }) => id === visit.param('connection_id'));
    if (found === undefined) throw new Problem('not_found');
    return found;
  }
}

function wishOf(form: URLSearchParams, kind: 'webdav' | 's3'): Record<string, unknown> {
  const names =
    kind === 'webdav'
      ? ['name', 'endpoint', 'username', 'password']
      : ['name', 'endpoint', 'bucket', 'region', 'access_key_id', 'secret_access_key'];
  const given = names.map((name) => [name, form.get(name) ?? ''] as const).filter(([, value]) => value !== '');
  return { kind, ...Object.fromEntries(given) };
}

/** By field; what belongs to none stands at the name. Throws the error again when it is not about what was typed. */
function errorsOf(error: unknown): Record<string, string> {
  if (!isProblem(error) || (error.kind !== 'invalid' && error.kind !== 'conflict' && error.kind !== 'unavailable'))
    throw error;
  const [field, ...rest] = error.message.split(': ');
  const known = ['name', 'endpoint', 'username', 'password', 'bucket', 'region', 'access_key_id', 'secret_access_key'];
  return field !== undefined && known.includes(field) && rest.length > 0
    ? { [field]: `${rest.join(': ')}.` }
    : { name: error.message };
}
