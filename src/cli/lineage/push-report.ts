import type { AcceptedRun } from '#client/lineage/lineage-wire.ts';
import type { RunRequest } from '#features/lineage/record/index.ts';
import { showBytes } from '#recorder/measures.ts';
import { showName } from '../show-name.ts';
import type { Compared } from './diff-against-latest.ts';
import type { KnownServer } from './open-server.ts';

interface Pushed {
  accepted: AcceptedRun;
  /** The location as an address. */
  url: string;
  compared: Compared | undefined;
  json: boolean;
}

/** The address alone on standard output, for scripts; the sentence for people on standard error. */
export function tellAccepted({ accepted, compared, json, url }: Pushed): void {
  const { kept, location, replayed, run_id } = accepted;
  const diff = compared && { diff_against: compared.run_id, changes: compared.changes.length };
  if (json) {
    const outcome = { run_id, location, url, replayed: replayed === true, ...(kept === undefined ? {} : { kept }) };
    process.stdout.write(`${JSON.stringify({ event: 'accepted', ...outcome, ...diff })}\n`);
    return;
  }
  const said =
    kept === 'first'
      ? 'was kept before with other content. What was sent now was dropped, as the server is told to do.'
      : replayed === true
        ? 'was kept before, with this very content.'
        : 'is kept.';
  process.stderr.write(`Run ${showName(run_id)} ${said}\n`);
  if (diff !== undefined) process.stderr.write(`Changes since ${showName(diff.diff_against)}: ${diff.changes}\n`);
  process.stdout.write(`${showName(url)}\n`);
}

interface DryRun extends KnownServer {
  body: Uint8Array<ArrayBuffer>;
  sha256: string;
  run: RunRequest;
  json: boolean;
}

export function tellDryRun({ body, json, run, sha256, token, url }: DryRun): void {
  const { organization, project, run_id, service } = run;
  const text = new TextDecoder().decode(body);
  const shown = token === undefined ? { from: 'nowhere' } : { from: token.name, audience: token.audience };
  if (json) {
    const head = {
      event: 'dry_run',
      url,
      token: shown,
      organization,
      project,
      service,
      run_id,
      bytes: body.length,
      sha256,
    };
    // The envelope is JSON already, and stays as it would be sent.
    process.stdout.write(`${JSON.stringify(head).slice(0, -1)},"envelope":${text.replace(/[\r\n]+/g, ' ')}}\n`);
    return;
  }
  const audience = token?.audience === undefined ? '' : `, for ${token.audience}`;
  process.stderr.write(
    [
      `Would post to  ${url}`,
      `Token from     ${shown.from}${audience}`,
      `Run            ${organization}/${project}/${service} ${run_id}`,
      `Envelope       ${showBytes(body.length)}, SHA-256 ${sha256}`,
      'Nothing was sent.',
      '',
    ].join('\n'),
  );
  process.stdout.write(`${text}\n`);
}
