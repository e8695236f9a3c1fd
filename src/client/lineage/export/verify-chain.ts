import { type ExportedService, firstLink, manifestName, nextLink } from './export-manifest.ts';
import type { FailExport } from './export-report.ts';
import { bytesOf } from './make-manifest.ts';

/** Count, order and links of one service's runs. A link that does not follow says at which line the chain was cut. */
export async function checkChain(service: ExportedService, fail: FailExport): Promise<void> {
  const { chain, run_count, runs, total_bytes } = service;
  const name = `${service.organization}/${service.project}/${service.service}`;
  const say = (code: Parameters<FailExport>[0], message: string) => fail(code, `${name}: ${message}`, manifestName);
  if (runs.length !== run_count)
    say('count_differs', `${runs.length} runs are listed; the manifest counts ${run_count}.`);
  if (bytesOf(runs) !== total_bytes)
    say('total_bytes_differ', `the runs add up to ${bytesOf(runs)} bytes; the manifest says ${total_bytes}.`);
  const seen = new Set<string>();
  let link = await firstLink(service);
  let before: (typeof runs)[number] | undefined;
  for (const run of runs) {
    if (seen.has(run.run_id)) say('run_duplicate', `run ${run.run_id} is listed twice.`);
    seen.add(run.run_id);
    if (before !== undefined && !isAfter(run, before))
      say('run_out_of_order', `run ${run.run_id} stands behind ${before.run_id}, which came later.`);
    if ((await nextLink(link, run)) !== run.link)
      say(
        'link_differs',
        `run ${run.run_id} does not follow ${before === undefined ? 'the beginning' : before.run_id}: its line was altered or moved, or one was removed or put before it.`,
      );
    // From what is stated, so that each cut is told once.
    link = run.link;
    before = run;
  }
  if (link !== chain) say('chain_differs', 'the chain does not end with the last run listed.');
}

type Arrival = Pick<ExportedService['runs'][number], 'received_at' | 'run_id'>;

function isAfter(a: Arrival, b: Arrival): boolean {
  return a.received_at === b.received_at ? a.run_id > b.run_id : a.received_at > b.received_at;
}
