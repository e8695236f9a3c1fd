import { fromBase64Url, fromHex, toBase64Url, toHex } from '#kit/bytes.ts';
import type { ServiceKey } from '../../record/names.ts';
import { dayOf, impacts, type RunLine } from '../../record/run-line.ts';

/** Where everything of one service lies in an object store. */
export class ServiceObjects {
  /** Ends with a slash. */
  readonly root: string;

  constructor(prefix: string, { organization, project, service }: ServiceKey) {
    this.root = `${rootOf(prefix)}org=${organization}/project=${project}/service=${service}/`;
  }

  get latest(): string {
    return `${this.root}latest.json`;
  }

  /** Who has a run id, and on which day: payloads lie under days. */
  claim(runId: string): string {
    return `${this.root}runs/run=${runId}.json`;
  }

  payload(line: Pick<RunLine, 'run_id' | 'received_at'>): string {
    return `${this.root}date=${dayOf(line)}/run=${line.run_id}/payload.json`;
  }

  get manifests(): string {
    return `${this.root}manifests/`;
  }

  /** The manifest of a day that is over: one line a run. */
  manifest(day: string): string {
    return `${this.manifests}date=${day}.jsonl`;
  }

  /** The entries that the manifest of a day is made from. */
  entries(day: string): string {
    return `${this.manifests}date=${day}/`;
  }

  /** The key says all that the line says, so that one listing is a manifest. */
  entry(line: RunLine): string {
    const facts = [
      toBase64Url(fromHex(line.sha256) ?? new Uint8Array()),
      line.bytes,
      impacts.indexOf(line.impact),
      line.commit_sha ?? '',
    ];
    return `${this.before(line)}~${line.run_id}/${facts.join('~')}`;
  }

  /** Entries of this time and later come after it. No store's names have colons here. */
  before(line: Pick<RunLine, 'received_at'>): string {
    return this.entries(dayOf(line)) + line.received_at.replaceAll(':', '');
  }
}

export function rootOf(prefix: string): string {
  return `${prefix === '' ? '' : `${prefix}/`}v1/`;
}

const entryPattern =
  /\/(\d{4}-\d\d-\d\dT\d\d)(\d\d)(\d\d\.\d+Z)~([A-Za-z0-9._-]+)\/([A-Za-z0-9_-]{43})~(\d+)~(\d)~([A-Za-z0-9._-]*)$/;

/** Undefined for a key that is no entry. */
export function lineOfEntry(key: string): RunLine | undefined {
  const [, hour, minute, rest, runId, hash = '', bytes, index, commit] = entryPattern.exec(key) ?? [];
  const [sha256, impact] = [fromBase64Url(hash), impacts[Number(index)]];
  if (runId === undefined || sha256 === undefined || impact === undefined) return undefined;
  return {
    run_id: runId,
    received_at: `${hour}:${minute}:${rest}`,
    sha256: toHex(sha256),
    bytes: Number(bytes),
    impact,
    ...(commit === undefined || commit === '' ? {} : { commit_sha: commit }),
  };
}
