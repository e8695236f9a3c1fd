import { Problem } from '#kit/errors.ts';
import { parseTimestamp } from '#kit/time.ts';
import { isRunId, type ServiceKey, serviceKey } from './names.ts';
import { invalid, readRequestFields } from './request-fields.ts';

/** What a CI run posts, checked. The JSON values are text as they came. */
export interface RunRequest extends ServiceKey {
  readonly run_id?: string;
  readonly commit_sha?: string;
  readonly generated_at?: string;
  readonly artifact: string;
  readonly diff?: string;
  readonly summary?: string;
  readonly metadata?: string;
}

const known = new Set([
  'organization',
  'project',
  'service',
  'run_id',
  'commit_sha',
  'generated_at',
  'artifact',
  'diff',
  'summary',
  'metadata',
]);
export const commitPattern = /^[A-Za-z0-9._-]{1,64}$/;

/** Throws invalid_json, or the code of the field that is wrong. A field that is null, or an empty text, counts as absent. */
export function readRunRequest(body: Uint8Array): RunRequest {
  const { text, textMap, value } = readRequestFields(body, known);
  const key = serviceKey({
    organization: text('organization') ?? '',
    project: text('project') ?? '',
    service: text('service') ?? '',
  });
  const artifact = value('artifact');
  if (artifact === undefined) throw invalid('artifact: is required');
  const [runId, commitSha, generatedAt] = [text('run_id'), text('commit_sha'), text('generated_at')];
  if (runId !== undefined && !isRunId(runId)) throw new Problem('invalid_run_id');
  if (commitSha !== undefined && !commitPattern.test(commitSha))
    throw invalid('commit_sha: must be 1 to 64 letters, digits, dots, hyphens or underscores');
  if (generatedAt !== undefined && parseTimestamp(generatedAt) === undefined)
    throw invalid('generated_at: must be an RFC 3339 time');
  return dropAbsent({
    ...key,
    run_id: runId,
    commit_sha: commitSha,
    generated_at: generatedAt,
    artifact,
    diff: value('diff'),
    summary: value('summary'),
    metadata: textMap('metadata'),
  });
}

type Optional = 'run_id' | 'commit_sha' | 'generated_at' | 'diff' | 'summary' | 'metadata';

function dropAbsent(
  request: Omit<RunRequest, Optional> & { [Name in Optional]: RunRequest[Name] | undefined },
): RunRequest {
  // What stays has a value, so nothing optional is present and undefined.
  return Object.fromEntries(
    Object.entries(request).filter(([, value]) => value !== undefined),
  ) as unknown as RunRequest;
}
