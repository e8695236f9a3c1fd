import { createHash } from 'node:crypto';
import { Problem } from '#kit/errors.ts';
import type { GuardedAgents } from '#platform/outgoing/guarded-agents.ts';
import {
  dropAnswer,
  type OutgoingAnswer,
  type OutgoingRequest,
  readAnswer,
  sendOutgoing,
} from '#platform/outgoing/outgoing-request.ts';
import { fits, isRemoteName, joinPath, type RemotePath } from '../remote-path.ts';
import { remoteProblem, statusProblem } from '../remote-problem.ts';
import type { BytesToSend, RemoteBytes, RemoteEntry, RemotePage, RemoteStore } from '../remote-store.ts';
import { hrefNames, namesBelow } from './href-names.ts';
import { type DavResource, propertiesWanted } from './multistatus.ts';
import { readListing } from './read-listing.ts';

export interface WebdavAccess {
  /** Of the folder that is the root of all paths. */
  endpoint: string;
  root: RemotePath;
  username: string;
  password: string;
}

/** Bytes of one listing; about ten thousand files. */
const longestListing = 16 * 2 ** 20;
/** For an answer without a body of any size. Milliseconds. */
const promptMs = 120_000;

/** WebDAV (RFC 4918) as Nextcloud, rclone and Apache speak it. */
export class WebdavStore implements RemoteStore {
  readonly #agents: GuardedAgents;
  readonly #base: URL;
  readonly #root: RemotePath;
  readonly #authorization: string;
  readonly #madeFolders = new Set<RemotePath>(['']);

  constructor(agents: GuardedAgents, { endpoint, root, username, password }: WebdavAccess) {
    this.#agents = agents;
    this.#base = new URL(endpoint);
    this.#root = root;
    this.#authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }

  async check(signal: AbortSignal): Promise<void> {
    if ((await this.stat('', signal)) === undefined) throw new Problem('remote_path_not_found');
  }

  async stat(path: RemotePath, signal: AbortSignal): Promise<RemoteEntry | undefined> {
    const found = await this.#properties(this.#url(path, false), '0', signal);
    const own = found?.[0];
    return own === undefined ? undefined : entryOf(path.split('/').at(-1) ?? '', own);
  }

  async list(
    folder: RemotePath,
    { after, limit }: { limit: number; after?: string | undefined },
    signal: AbortSignal,
  ): Promise<RemotePage> {
    const url = this.#url(folder, true);
    const found = await this.#properties(url, '1', signal);
    if (found === undefined) throw new Problem('remote_path_not_found');
    const own = hrefNames(url.pathname);
    const entries = new Map<string, RemoteEntry>();
    let unusable = 0;
    for (const resource of found) {
      const names = namesBelow(own, hrefNames(resource.href));
      if (names?.length === 0) continue;
      const [name = ''] = names ?? [];
      if (names?.length === 1 && isRemoteName(name) && fits(joinPath(this.#root, folder, name)))
        entries.set(name, entryOf(name, resource));
      else unusable += 1;
    }
    // The protocol has no pages: each is cut from the whole listing.
    const sorted = [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const rest = after === undefined ? sorted : sorted.filter(({ name }) => name > after);
    const page = rest.slice(0, limit);
    const next = rest.length > limit ? page.at(-1)?.name : undefined;
    return { entries: page, unusable: after === undefined ? unusable : 0, ...(next === undefined ? {} : { next }) };
  }

  async read(file: RemotePath, signal: AbortSignal): Promise<RemoteBytes> {
    const answer = await this.#send({ method: 'GET', url: this.#url(file, false), signal });
    if (answer.status !== 200) {
      answer.body.destroy();
      throw statusProblem(answer.status);
    }
    const length = Number(answer.headers['content-length'] ?? Number.NaN);
    return {
      stream: answer.body,
      byteSize: Number.isSafeInteger(length) ? length : undefined,
      mediaType: answer.headers['content-type'],
    };
  }

  /** No digest travels with WebDAV, so what was written is read back. */
  async write(file: RemotePath, body: BytesToSend, signal: AbortSignal): Promise<string> {
    await this.#makeFolder(joinPath(this.#root, ...file.split('/').slice(0, -1)), signal);
    const bytes = await body.open();
    try {
      const answer = await this.#send({
        method: 'PUT',
        url: this.#url(file, false),
        headers: { 'Content-Type': body.mediaType },
        body: { bytes, byteSize: body.byteSize },
        signal,
      });
      await dropAnswer(answer);
      if (![200, 201, 204].includes(answer.status)) throw statusProblem(answer.status);
    } finally {
      bytes.destroy();
    }
    const { stream } = await this.read(file, signal);
    const hash = createHash('sha256');
    try {
      for await (const part of stream) hash.update(part as Buffer); // no encoding was set, so parts are Buffers
    } catch (error) {
      throw remoteProblem(error, signal);
    }
    const kept = await this.stat(file, signal);
    if (hash.digest('hex') !== body.sha256Hex || kept?.byteSize !== body.byteSize)
      throw new Problem('connection_failed', { cause: new Error('the other side does not hold what was sent') });
    return kept.tag ?? '';
  }

  close(): void {
    this.#agents.destroy();
  }

  /** `path` counts from the endpoint. Each folder is asked for once. */
  async #makeFolder(path: RemotePath, signal: AbortSignal): Promise<void> {
    if (this.#madeFolders.has(path)) return;
    await this.#makeFolder(path.split('/').slice(0, -1).join('/'), signal);
    const answer = await this.#send({ method: 'MKCOL', url: this.#urlOf(path, true), signal: prompt(signal) });
    await dropAnswer(answer);
    // RFC 4918, section 9.3.1: 405 is said of what is there already.
    if (![200, 201, 405].includes(answer.status)) throw statusProblem(answer.status);
    this.#madeFolders.add(path);
  }

  /** Undefined when there is nothing. */
  async #properties(url: URL, depth: '0' | '1', signal: AbortSignal): Promise<DavResource[] | undefined> {
    const answer = await this.#send({
      method: 'PROPFIND',
      url,
      headers: { Depth: depth, 'Content-Type': 'application/xml; charset=utf-8' },
      body: propertiesWanted,
      signal: prompt(signal),
    });
    if (answer.status === 404) {
      await dropAnswer(answer);
      return undefined;
    }
    if (answer.status !== 207) {
      answer.body.destroy();
      throw statusProblem(answer.status);
    }
    try {
      return await readListing((await readAnswer(answer, longestListing)).toString());
    } catch (error) {
      throw remoteProblem(error, signal);
    }
  }

  async #send(request: Omit<OutgoingRequest, 'authorization'>): Promise<OutgoingAnswer> {
    try {
      return await sendOutgoing(this.#agents, { ...request, authorization: this.#authorization });
    } catch (error) {
      throw remoteProblem(error, request.signal);
    }
  }

  #url(path: RemotePath, isFolder: boolean): URL {
    return this.#urlOf(joinPath(this.#root, path), isFolder);
  }

  #urlOf(path: RemotePath, isFolder: boolean): URL {
    const url = new URL(this.#base.href);
    const names = path === '' ? [] : path.split('/').map(encodeURIComponent);
    url.pathname = [url.pathname.replace(/\/+$/, ''), ...names].join('/') + (isFolder || path === '' ? '/' : '');
    return url;
  }
}

function prompt(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(promptMs)]);
}

function entryOf(name: string, { byteSize, etag, isFolder, mediaType, modifiedAt }: DavResource): RemoteEntry {
  if (isFolder) return { name, kind: 'folder' };
  return {
    name,
    kind: 'file',
    ...(byteSize === undefined ? {} : { byteSize }),
    ...(mediaType === undefined ? {} : { mediaType }),
    ...(modifiedAt === undefined ? {} : { modifiedAt }),
    tag: `${etag ?? modifiedAt ?? ''}/${byteSize ?? ''}`.slice(0, 300),
  };
}
