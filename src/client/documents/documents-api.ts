import { fromHex, toBase64 } from '#kit/bytes.ts';
import { type CallOptions, pathOf, Transport, type TransportOptions } from '../api/transport.ts';
import { type Patience, patient } from '../lineage/patience.ts';
import type { Reader } from '../shape.ts';
import { persist } from '../upload/persist.ts';
import * as wire from './documents-wire.ts';
import { type ResumableUpload, sendResumably } from './resumable-upload.ts';

export interface NewDocument {
  readonly name: string;
  /** Absent: the root. */
  readonly folderId?: string | undefined;
  readonly content: Blob;
  readonly sha256Hex: string;
}

/** Bytes; from here on a document goes up in parts, so that a line that breaks costs one of them. */
const largeBytes = 16 * 1024 * 1024;

/**
 * The routes about an account's own documents. Every call is safe to repeat and is repeated while the server is away, with growing waits,
 * until it is given up. Throws ProoflineApiError when the server refused, ProoflineNetworkError when no usable answer came, the signal's
 * reason when the caller gave up.
 */
export class DocumentsApi {
  readonly #transport: Transport;
  readonly #patience: Patience;

  constructor(options: TransportOptions & { readonly patience?: Patience }) {
    this.#transport = new Transport(options);
    this.#patience = options.patience ?? {};
  }

  useToken(token: string | undefined): void {
    this.#transport.useToken(token);
  }

  url(path: string): string {
    return this.#transport.url(path);
  }

  /** Oldest first. `root` for those in none. */
  async *folders(parentId: string, query: { trashed?: boolean } = {}, options: CallOptions = {}) {
    const pages = this.#pages(wire.folderPage, '/v1/folders', { parent_id: parentId, ...trashed(query) }, options);
    for await (const page of pages) yield* page.folders;
  }

  /** Those in the trash that went there by themselves. */
  async *trashedFolders(options: CallOptions = {}) {
    for await (const page of this.#pages(wire.folderPage, '/v1/folders', { trashed: 'true' }, options))
      yield* page.folders;
  }

  /** The folder of that name; made unless there is one. */
  async addFolder(name: string, parentId: string | undefined, options: CallOptions = {}): Promise<wire.Folder> {
    const json = { name, ...(parentId === undefined ? {} : { parent_id: parentId }) };
    const call = { ...options, method: 'POST', path: '/v1/folders', json } as const;
    return await this.#persist(options, async (attempt) => {
      try {
        return (await this.#transport.json(wire.folderAnswer, call)).value.folder;
      } catch (error) {
        // An earlier try may have made it, and its answer been lost.
        if (attempt > 1) for await (const one of this.folders(parentId ?? 'root')) if (one.name === name) return one;
        throw error;
      }
    });
  }

  /** Oldest first. `root` for those in no folder. */
  async *documents(folderId: string, query: { trashed?: boolean } = {}, options: CallOptions = {}) {
    const pages = this.#pages(wire.documentPage, '/v1/documents', { folder_id: folderId, ...trashed(query) }, options);
    for await (const page of pages) yield* page.documents;
  }

  /** Those in the trash that went there by themselves. */
  async *trashedDocuments(options: CallOptions = {}) {
    for await (const page of this.#pages(wire.documentPage, '/v1/documents', { trashed: 'true' }, options))
      yield* page.documents;
  }

  async document(id: string, options: CallOptions = {}): Promise<wire.Document> {
    return (await this.#get(wire.documentAnswer, `/v1/documents${pathOf(id)}`, options)).document;
  }

  /** Oldest last. */
  async *versions(id: string, options: CallOptions = {}): AsyncGenerator<wire.Version> {
    for await (const page of this.#pages(wire.versionPage, `/v1/documents${pathOf(id)}/versions`, {}, options))
      yield* page.versions;
  }

  async quota(options: CallOptions = {}): Promise<wire.Quota> {
    return await this.#get(wire.quota, '/v1/quota', options);
  }

  /** Large ones in parts, which go on where a line broke. `onBytes` hears what has arrived since it heard last. */
  async add(
    wish: NewDocument,
    options: CallOptions & { readonly onBytes?: (bytes: number) => void } = {},
  ): Promise<wire.Document> {
    if (wish.content.size >= largeBytes) {
      const upload: ResumableUpload = { ...wish, ...options, persist: (act) => this.#persist(options, act) };
      return await this.document(await sendResumably(this.#transport, upload), options);
    }
    const form = new FormData();
    form.set('name', wish.name);
    if (wish.folderId !== undefined) form.set('folder_id', wish.folderId);
    form.set('file', wish.content, wish.name);
    // The same document at the same place: repeated, it is answered from the first.
    const headers = { 'idempotency-key': `add-${crypto.randomUUID()}` };
    const call = { ...options, method: 'POST', path: '/v1/documents', body: form, headers } as const;
    const { value } = await this.#persist(options, () => this.#transport.json(wire.documentAnswer, call));
    options.onBytes?.(wish.content.size);
    return value.document;
  }

  /** The next version, unless another came meanwhile (412 version_conflict). */
  async addVersion(
    document: wire.Document,
    content: Blob,
    sha256Hex: string,
    options: CallOptions = {},
  ): Promise<wire.Document> {
    const digest = fromHex(sha256Hex);
    if (digest === undefined) throw new TypeError('A SHA-256 is 64 hexadecimal digits.');
    const headers = {
      'if-match': `"${document.version}"`,
      'repr-digest': `sha-256=:${toBase64(digest)}:`,
      'idempotency-key': `version-${crypto.randomUUID()}`,
      'content-type': content.type === '' ? 'application/octet-stream' : content.type,
    };
    const path = `/v1/documents${pathOf(document.id)}/content`;
    const call = { ...options, method: 'PUT', path, body: content, headers, timeoutMs: 3_600_000 } as const;
    return (await this.#persist(options, () => this.#transport.json(wire.documentAnswer, call))).value.document;
  }

  /** The bytes of a version, from one of them on. The body is the caller's to read. */
  async content(id: string, version: number, from: number, options: CallOptions = {}): Promise<Response> {
    const path = `/v1/documents${pathOf(id)}/content?version=${version}`;
    const headers = from === 0 ? {} : { range: `bytes=${from}-` };
    return await this.#persist(options, () => this.#transport.download({ ...options, method: 'GET', path, headers }));
  }

  /** The caller's entries of the audit log, one JSON object a line. The body is the caller's to read. */
  async audit(options: CallOptions = {}): Promise<Response> {
    const call = { ...options, method: 'GET', path: '/v1/audit?format=jsonl' } as const;
    return await this.#persist(options, () => this.#transport.download(call));
  }

  async #get<T>(reader: Reader<T>, path: string, options: CallOptions): Promise<T> {
    const call = { ...options, method: 'GET', path } as const;
    return (await this.#persist(options, () => this.#transport.json(reader, call))).value;
  }

  async *#pages<T extends { readonly next_cursor?: string }>(
    reader: Reader<T>,
    path: string,
    query: Readonly<Record<string, string>>,
    options: CallOptions,
  ): AsyncGenerator<T> {
    let cursor: string | undefined;
    do {
      const given = new URLSearchParams({ ...query, limit: '500', ...(cursor === undefined ? {} : { cursor }) });
      const page = await this.#get(reader, `${path}?${given}`, options);
      yield page;
      cursor = page.next_cursor;
    } while (cursor !== undefined);
  }

  async #persist<T>(options: CallOptions, act: (attempt: number) => Promise<T>): Promise<T> {
    return await persist(act, patient(this.#patience, options.signal));
  }
}

function trashed(query: { trashed?: boolean }): Record<string, string> {
  return query.trashed === true ? { trashed: 'true' } : {};
}
