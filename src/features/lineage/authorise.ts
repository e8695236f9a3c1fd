import type { HttpContext } from '#http/route.ts';
import { isProblem, Problem } from '#kit/errors.ts';
import type { LineageAct } from './audit.ts';
import type { Action, LineageCaller } from './identity/identity.ts';
import type { LineageDeps } from './lineage-deps.ts';
import type { ServiceKey } from './record/names.ts';

/** What a handler says of its act while it learns it; one line of audit is made from it, whatever becomes of it. */
export type ActDraft = Partial<Omit<LineageAct, 'action' | 'subject'>>;

interface Asked {
  deps: Pick<LineageDeps, 'identity' | 'limit' | 'audit'>;
  c: HttpContext;
  action: Action;
  /** Where the caller is known by something else than the request's own. */
  headers?: Headers;
}

/** Identifies, limits, runs the act and writes its line of audit: also, and above all, when it is refused. */
export async function asCaller(
  { action, c, deps, headers = c.req.raw.headers }: Asked,
  act: (caller: LineageCaller, draft: ActDraft) => Promise<Response>,
): Promise<Response> {
  const draft: ActDraft = {};
  const done = action === 'admin' ? 'upload' : action;
  let subject = 'unknown';
  const record = (outcome: string) => {
    const { outcome: _, ...what } = draft;
    const line: LineageAct = { action: done, subject, outcome, ...what };
    deps.audit(line);
  };
  try {
    const caller = await deps.identity.identify(headers);
    subject = caller.subject;
    await deps.limit(action === 'read' ? 'lineage_read' : 'lineage_ingest', subject);
    const response = await act(caller, draft);
    record(draft.outcome ?? done);
    return response;
  } catch (error) {
    record(isProblem(error) ? error.code : 'internal_error');
    throw error;
  }
}

/** Throws forbidden. */
export function requireScope(caller: LineageCaller, action: Action, where: Partial<ServiceKey>): void {
  if (!caller.may(action, where)) throw new Problem('forbidden');
}
