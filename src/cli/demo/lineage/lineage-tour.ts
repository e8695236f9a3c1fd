import { join } from 'node:path';
import { verifyExport } from '#client/lineage/export/verify-export.ts';
import { LineageApi } from '#client/lineage/lineage-api.ts';
import { resealStoredRun } from '#features/lineage/record/index.ts';
import { ExportFolder } from '../../lineage/export-folder.ts';
import { exportRuns } from '../../lineage/export-runs.ts';
import { Judge } from '../judge.ts';
import { type DemoRun, demoRuns, demoServices } from './demo-runs.ts';

export interface LineageTour {
  url: string;
  /** May send and read. */
  token: string;
  /** May upload policies. */
  adminToken: string;
  folder: string;
  /** Ends the server as a power cut would and starts it again at the same address; where the tour cannot, it goes on without. */
  restart?: () => Promise<void>;
  say: (line: string) => void;
}

/** A hundred runs of five services, every question about them, and an export that is verified. True when all was as it should be. */
export async function tourLineage(tour: LineageTour): Promise<boolean> {
  const { say, token, url } = tour;
  const api = new LineageApi({ baseUrl: url, token, timeoutMs: 20_000, patience: { giveUpAfterMs: 60_000 } });
  const judge = new Judge(say);
  const runs = demoRuns();
  await push(api, runs, tour, judge);
  await ask(api, runs, judge);
  await govern(tour, runs, judge);

  const path = join(tour.folder, 'export');
  const manifest = await exportRuns(
    { api, folder: await ExportFolder.open(path), tell: () => undefined, clock: Date.now },
    {},
  );
  const report = await verifyExport(await ExportFolder.open(path), { reseal: resealStoredRun });
  const verified = report.services.reduce((sum, service) => sum + service.runs_verified, 0);
  judge.that(
    `exported and verified offline: ${verified} runs, root ${manifest.root.slice(0, 16)}…`,
    report.ok && verified >= runs.length,
  );
  say(
    judge.failed === 0 ? '\nEverything was as it should be.' : `\n${judge.failed} of these were not as they should be.`,
  );
  return judge.failed === 0;
}

/** Many at once, with the server killed in the middle: whoever was not answered asks again, under the same run id. */
async function push(
  api: LineageApi,
  runs: readonly DemoRun[],
  { restart, say }: LineageTour,
  judge: Judge,
): Promise<void> {
  let created = 0;
  let replayed = 0;
  let restarting: Promise<void> | undefined;
  const waiting = [...runs.entries()];
  const sender = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, run] = next;
      if (index === 50 && restart !== undefined) {
        say('           the server is killed (SIGKILL) and started again, while runs are on their way');
        restarting = restart();
      }
      const { replayed: again } = await api.push(run.envelope);
      if (again === true) replayed += 1;
      else created += 1;
    }
  };
  await Promise.all(Array.from({ length: 8 }, sender));
  await restarting;
  judge.that(
    `sent: ${runs.length} runs of ${demoServices.length} services; ${created} answered at once, ${replayed} found again after the kill`,
    created + replayed === runs.length,
  );
}

async function ask(api: LineageApi, runs: readonly DemoRun[], judge: Judge): Promise<void> {
  const services = await Array.fromAsync(api.services());
  judge.that(`listed: ${services.length} services`, services.length >= demoServices.length);
  for (const service of demoServices) {
    const own = runs.filter((run) => run.name.service === service);
    const [first] = own;
    if (first === undefined) continue;
    const listed = await Array.fromAsync(api.runs(first.name));
    const changes = await Array.fromAsync(api.changes(first.name, { impact: 'downstream' }));
    const diffs = await Array.fromAsync(api.diffs(first.name));
    const latest = await api.latest(first.name);
    judge.that(
      `${service}: ${listed.length} runs, latest ${listed[0]?.run_id}, ${diffs.length} changed something, ${changes.length} of them for others`,
      listed.length === own.length &&
        new Set(listed.map((line) => line.run_id)).size === own.length &&
        latest.sha256 === listed[0]?.sha256 &&
        diffs.length === own.filter((run) => run.changed).length &&
        changes.length === own.filter((run) => run.downstream).length,
    );
  }
  const [sample] = runs;
  if (sample === undefined) return;
  const found = await Array.fromAsync(api.runs(sample.name, { commit: sample.commit }));
  judge.that(`found by its commit: ${found[0]?.run_id}`, found.length === 1 && found[0]?.run_id === sample.runId);
  const record = await api.run(sample.name, sample.runId);
  judge.that(
    `read back: ${record.bytes.length} bytes with the hash that the listing knows`,
    record.sha256 === found[0]?.sha256 && new TextDecoder().decode(record.bytes).includes(sample.artifact),
  );
  const again = await api.push(sample.envelope);
  judge.that('sent again: answered as a replay, kept once', again.replayed === true);
  const other = new TextEncoder().encode(new TextDecoder().decode(sample.envelope).replace('"owner"', '"Owner"'));
  const refused = await api.push(other).then(
    () => 'accepted',
    (error: unknown) => (error as { code?: unknown }).code,
  );
  judge.that('other content under the same run id: refused', refused === 'run_conflict');
}

/** A policy that nobody changes under its version, and where a run went. */
async function govern({ adminToken, token, url }: LineageTour, runs: readonly DemoRun[], judge: Judge): Promise<void> {
  const call = async (method: string, path: string, as: string, body?: unknown) =>
    await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${as}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const policy = '/v1/policies/demo-review/versions/1.0.0';
  const kept = await call('PUT', policy, adminToken, { reviewers: 2 });
  const changed = await call('PUT', policy, adminToken, { reviewers: 0 });
  const refused = await call('PUT', policy, token, { reviewers: 2 });
  judge.that(
    'a policy: kept once under its version, by administrators alone',
    kept.ok && changed.status === 409 && refused.status === 403,
  );
  const run = runs.at(-1);
  if (run === undefined) return;
  const deployment = {
    ...run.name,
    run_id: run.runId,
    environment: 'production',
    version: '1.0.0',
    deployment_id: `demo-${run.runId}`,
  };
  const deployed = await call('POST', '/v1/deployments', token, deployment);
  const listed = await call('GET', `/v1/deployments?${new URLSearchParams({ ...run.name }).toString()}`, token);
  judge.that(
    'a deployment: kept, and listed for its service',
    deployed.ok && (await listed.text()).includes(run.runId),
  );
}
