import { toBase64 } from '#kit/bytes.ts';
import { ProoflineApiError, ProoflineNetworkError } from '../api/api-error.ts';
import type { CallOptions, Transport } from '../api/transport.ts';
import type { NewDocument } from './documents-api.ts';

export interface ResumableUpload extends NewDocument, CallOptions {
  readonly persist: <T>(act: (attempt: number) => Promise<T>) => Promise<T>;
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** Bytes of one request: what a line that breaks may cost. */
const pieceBytes = 8 * 1024 * 1024;
const tus = { 'tus-resumable': '1.0.0' };

/** Sends a document in pieces, as tus.io describes it. Returns the id of the document. */
export async function sendResumably(transport: Transport, upload: ResumableUpload): Promise<string> {
  const { content, onBytes, persist } = upload;
  const call = { signal: upload.signal, timeoutMs: 120_000 };
  const created = await persist(() =>
    transport.download({ ...call, method: 'POST', path: '/v1/documents/uploads', headers: createHeaders(upload) }),
  );
  const path = pathIn(created);
  let sent = 0;
  let result = created.headers.get('proofline-result') ?? undefined;
  while (result === undefined) {
    const answer = await persist(async (attempt) => {
      // What an earlier try brought is not sent again.
      if (attempt > 1) {
        const state = await transport.download({ ...call, method: 'HEAD', path, headers: tus });
        const arrived = Number(state.headers.get('upload-offset'));
        onBytes?.(arrived - sent);
        sent = arrived;
        if (state.headers.has('proofline-result')) return state;
      }
      const body = content.slice(sent, sent + pieceBytes);
      const headers = { ...tus, 'upload-offset': String(sent), 'content-type': 'application/offset+octet-stream' };
      try {
        return await transport.download({ ...call, method: 'PATCH', path, headers, body });
      } catch (error) {
        // Somebody still holds it, or the place was another: as after a broken line.
        if (error instanceof ProoflineApiError && (error.status === 423 || error.status === 409))
          throw new ProoflineNetworkError('connection', 'The upload was held by another request.', { cause: error });
        throw error;
      }
    });
    const arrived = Number(answer.headers.get('upload-offset'));
    onBytes?.(arrived - sent);
    sent = arrived;
    result = answer.headers.get('proofline-result') ?? undefined;
    if (result === undefined && sent >= content.size)
      throw new ProoflineNetworkError('answer', 'All bytes have arrived, and the server named no document.');
  }
  return result;
}

function createHeaders({ content, folderId, name, sha256Hex }: ResumableUpload): Record<string, string> {
  const words = { name, sha256: sha256Hex, ...(folderId === undefined ? {} : { folder_id: folderId }) };
  const metadata = Object.entries(words).map(([key, value]) => `${key} ${toBase64(new TextEncoder().encode(value))}`);
  return { ...tus, 'upload-length': String(content.size), 'upload-metadata': metadata.join(',') };
}

/** Of the upload that was made; never another server's. */
function pathIn(created: Response): string {
  const location = created.headers.get('location') ?? '';
  const path = location.replace(/^https?:\/\/[^/]+/, '');
  const at = path.indexOf('/v1/documents/uploads/');
  if (at < 0) throw new ProoflineNetworkError('answer', 'The server did not say where the upload goes.');
  return path.slice(at);
}
