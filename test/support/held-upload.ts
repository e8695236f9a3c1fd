import { sha256 } from './api.ts';
import { chunkBytes, type SentChunk } from './ledger.ts';
import { head, openRaw, type RawAnswer } from './raw-request.ts';

/** An upload that was authorised and whose body ends when the test says so: what it was allowed on may change in between. */
export async function holdUpload(
  url: string,
  token: string,
  chunk: SentChunk,
): Promise<{ finish: () => Promise<RawAnswer | undefined> }> {
  const bytes = chunkBytes(chunk);
  const raw = await openRaw(url);
  raw.send(
    head('PUT', `/v1/incidents/${chunk.incidentId}/streams/${chunk.streamId}/chunks/${chunk.index}`, {
      Authorization: `Bearer ${token}`,
      'Content-Length': bytes.length,
      'Repr-Digest': `sha-256=:${sha256(bytes).toString('base64')}:`,
      'Proofline-Started-At': '2026-01-01T00:00:00Z',
      'Proofline-Ended-At': '2026-01-01T00:00:02Z',
    }),
  );
  raw.send(bytes.subarray(0, bytes.length >> 1));
  // Until the server has judged the head; it says nothing when it agrees.
  await new Promise((resolve) => setTimeout(resolve, 150));
  return {
    finish: async () => {
      raw.send(bytes.subarray(bytes.length >> 1));
      const answer = await raw.answer();
      raw.reset();
      return answer;
    },
  };
}
