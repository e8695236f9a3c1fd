import * as reply from '#http/reply.ts';
import type { Route } from '#http/route.ts';
import { Problem } from '#kit/errors.ts';
import { requireScope } from '../authorise.ts';
import { serviceOfPath } from '../lineage.json.ts';
import type { LineageDeps } from '../lineage-deps.ts';
import { listRuns } from '../queries/list-runs.ts';
import { listServices } from '../queries/list-services.ts';
import { searchRuns } from '../queries/search-runs.ts';
import { sendImmutable } from '../queries/send-record.ts';
import { parseExact } from '../record/exact-json.ts';
import { diffJson } from '../record/json-diff.ts';
import { isRunId, type ServiceKey } from '../record/names.ts';
import type { RunLine } from '../record/run-line.ts';
import { commitPattern } from '../record/run-request.ts';
import { readStoredRun } from '../record/stored-run.ts';
import type { KeptRun } from '../stores/run-store.ts';
import { diffPage, firstRunPage } from './diff.pages.ts';
import { runPage } from './run.pages.ts';
import { searchPage } from './search.pages.ts';
import { servicePage } from './service.pages.ts';
import { servicesPage } from './services.pages.ts';
import { signInRoutes } from './sign-in.routes.ts';
import { type Visit, visitRoute } from './visit.ts';

export interface PageRules {
  /** Readers come by HTTPS. */
  secure: boolean;
}

/** Services, the history of one, one run, what changed between two, and a search: for people, with and without scripts. */
export function lineagePages(deps: LineageDeps, rules: PageRules): Route[] {
  const { store } = deps;
  const page = (path: string, summary: string, answer: (visit: Visit) => Promise<Response>) =>
    visitRoute({ deps, path, summary }, answer);
  const root = '/lineage/:organization/:project/:service';

  return [
    ...signInRoutes(deps, rules),
    page('/lineage', 'Services', async ({ caller, query, signedIn }) => {
      requireScope(caller, 'read', {});
      const cursor = query.get('cursor') ?? undefined;
      const services = await listServices(store, caller, { limit: 50, cursor });
      return reply.page(200, servicesPage(services, deps.clock(), signedIn));
    }),
    page('/lineage/search', 'Search', async ({ caller, query, signedIn }) => {
      requireScope(caller, 'read', {});
      const asked = (query.get('q') ?? '').trim();
      const found = asked === '' ? undefined : await searchRuns(store, caller, asked);
      return reply.page(200, searchPage(asked, found, signedIn));
    }),
    page(root, 'The history of a service', async (visit) => {
      const key = serviceOf(visit);
      const { query, signedIn } = visit;
      const asked = { from: query.get('from') ?? '', to: query.get('to') ?? '', commit: query.get('commit') ?? '' };
      if (asked.commit !== '' && !commitPattern.test(asked.commit)) throw new Problem('invalid_request');
      const runs = await listRuns(store, key, {
        from: asked.from || undefined,
        to: asked.to || undefined,
        commit: asked.commit || undefined,
        cursor: query.get('cursor') ?? undefined,
        limit: 50,
      });
      return reply.page(200, servicePage(key, runs, asked, signedIn));
    }),
    page(`${root}/runs/:run_id`, 'One run', async (visit) => {
      const key = serviceOf(visit);
      const { line, payload } = await keptRun(key, visit.param('run_id'));
      return reply.page(200, runPage(key, line, readStoredRun(payload), visit.signedIn));
    }),
    page(`${root}/runs/:run_id/record.json`, 'One record, as it was kept', async (visit) => {
      const key = serviceOf(visit);
      const { line, payload } = await keptRun(key, visit.param('run_id'));
      return sendImmutable(visit.c, { bytes: payload, sha256: line.sha256, forever: true });
    }),
    page(`${root}/diff`, 'What changed', async (visit) => {
      const key = serviceOf(visit);
      const [asked, other] = [visit.query.get('to'), visit.query.get('from')];
      const to = asked === null ? await store.latest(key) : (await keptRun(key, asked)).line;
      const from =
        to === undefined ? undefined : other === null ? await runBefore(key, to) : (await keptRun(key, other)).line;
      if (to === undefined || from === undefined) return reply.page(200, firstRunPage(key, to, visit.signedIn));
      const [before, after] = await Promise.all([keptRun(key, from.run_id), keptRun(key, to.run_id)]);
      const changes = diffJson(artifactOf(before), artifactOf(after));
      return reply.page(200, diffPage(key, { from, to, changes }, visit.signedIn));
    }),
  ];

  async function keptRun(key: ServiceKey, runId: string): Promise<KeptRun> {
    const kept = isRunId(runId) ? await store.read(key, runId) : undefined;
    if (kept === undefined) throw new Problem('run_not_found');
    return kept;
  }

  async function runBefore(key: ServiceKey, line: RunLine): Promise<RunLine | undefined> {
    const { runs } = await listRuns(store, key, { limit: 1, after: line });
    return runs[0];
  }
}

function artifactOf({ payload }: KeptRun): unknown {
  return parseExact(readStoredRun(payload).artifact);
}

/** Throws service_not_found, forbidden. */
function serviceOf({ act, caller, param }: Visit): ServiceKey {
  const key = serviceOfPath(param);
  Object.assign(act, key);
  requireScope(caller, 'read', key);
  return key;
}
