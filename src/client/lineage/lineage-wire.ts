import { sha256Hex } from '../api/wire.ts';
import { flag, type Infer, list, object, oneOf, optional, type Reader, text, whole } from '../shape.ts';

/** The answers about runs, with the field names of the contract. Times are RFC 3339 in UTC, sizes are bytes. */
export const impacts = ['none', 'self_only', 'downstream', 'unknown'] as const;
export type Impact = (typeof impacts)[number];

/** Whose runs: three names, in any spelling that the server brings into the same normal form. */
export interface ServiceName {
  readonly organization: string;
  readonly project: string;
  readonly service: string;
}

const line = {
  run_id: text,
  received_at: text,
  commit_sha: optional(text),
  impact: oneOf(...impacts),
  bytes: whole(0),
  sha256: sha256Hex,
};
export const runLine = object(line);
export type RunLine = Infer<typeof runLine>;

export const runPage = object({ runs: list(runLine), next_cursor: optional(text) });

export const serviceLine = object({ organization: text, project: text, service: text, latest: optional(runLine) });
export type ServiceLine = Infer<typeof serviceLine>;
export const servicePage = object({ services: list(serviceLine), next_cursor: optional(text) });

const change = object({
  run_id: text,
  received_at: text,
  commit_sha: optional(text),
  impact: oneOf(...impacts),
});
/** What a run says of its changes; `diff` and `summary` are whatever JSON its reporter sent. */
export type RunChanges = Infer<typeof change> & { readonly diff?: unknown; readonly summary?: unknown };

export const runChanges: Reader<RunChanges> = (value, at, problems) => {
  const known = change(value, at, problems);
  // Read as an object above, whose other members may be anything.
  return known && { ...(value as Pick<RunChanges, 'diff' | 'summary'>), ...known };
};
export const changesPage = object({ changes: list(runChanges), next_cursor: optional(text) });

export const acceptedRun = object({
  accepted: flag,
  run_id: text,
  location: text,
  replayed: optional(flag),
  kept: optional(oneOf('first')),
});
export type AcceptedRun = Infer<typeof acceptedRun>;
