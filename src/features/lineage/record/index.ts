/** The door to the record of a run, for whoever needs neither routes nor stores: the command line and pages. Web platform only. */
export { parseExact } from './exact-json.ts';
export type { JsonChange, Path, Step } from './json-change.ts';
export { diffJson } from './json-diff.ts';
export { normalName } from './names.ts';
export { type RunRequest, readRunRequest } from './run-request.ts';
export { scanJsonObject } from './scan-json.ts';
export { readStoredRun, resealStoredRun, type StoredRun } from './stored-run.ts';
