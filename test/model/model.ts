/** All that the server is expected to know, in a few maps; small enough to be seen to be right. */
export interface ModelChunk {
  payload: number;
  /** The answer that created it, which every replay repeats. */
  answer: unknown;
}

export interface ModelStream {
  id: string;
  incident: ModelIncident;
  mediaType: 'video' | 'audio';
  status: 'open' | 'complete' | 'failed';
  chunks: Map<number, ModelChunk>;
}

export interface ModelSafetyCheck {
  id: string;
  /** Which of the times. */
  due: number;
  state: 'active' | 'cancelled' | 'missed' | 'resolved';
}

export interface ModelIncident {
  id: string;
  closed: boolean;
  deletion: 'none' | 'decided' | 'done';
  decisionId?: string;
  streams: ModelStream[];
  safetyChecks: ModelSafetyCheck[];
}

export interface ModelLink {
  id: string;
  token: string;
  incident: ModelIncident;
  revoked: boolean;
}

interface UsedKey {
  stream: ModelStream;
  index: number;
  payload: number;
}

export interface Model {
  incidents: ModelIncident[];
  streams: ModelStream[];
  links: ModelLink[];
  keys: Map<string, UsedKey>;
}

export const emptyModel = (): Model => ({ incidents: [], streams: [], links: [], keys: new Map() });

export interface Upload {
  stream: ModelStream;
  index: number;
  payload: number;
  key: string | undefined;
}

/** Status and code, or the chunk that a replay must give back. */
export type Expected = { status: number; code: string } | { status: 200; chunk: ModelChunk } | { status: 201 };

/** What an upload must be answered, from what was accepted before. */
export function expectUpload(model: Model, { stream, index, payload, key }: Upload): Expected {
  if (stream.incident.deletion !== 'none') return { status: 409, code: 'incident_deleting' };
  const used = key === undefined ? undefined : model.keys.get(key);
  if (used !== undefined) {
    const same = used.stream === stream && used.index === index && used.payload === payload;
    const chunk = same ? stream.chunks.get(index) : undefined;
    return chunk === undefined ? { status: 409, code: 'idempotency_conflict' } : { status: 200, chunk };
  }
  if (stream.incident.closed) return { status: 409, code: 'incident_closed' };
  if (stream.status !== 'open') return { status: 409, code: 'stream_not_open' };
  return stream.chunks.has(index) ? { status: 409, code: 'duplicate_chunk' } : { status: 201 };
}

/** The code that completing must be refused with; undefined when it must succeed. */
export function expectCompletion({ incident, status, chunks }: ModelStream, count: number): string | undefined {
  if (incident.deletion !== 'none') return 'incident_deleting';
  if (status === 'complete') return 'stream_already_complete';
  if (status === 'failed') return 'stream_failed';
  if (chunks.size < count) return 'stream_chunks_incomplete';
  const contiguous = chunks.size === count && [...chunks.keys()].every((index) => index >= 1 && index <= count);
  return contiguous ? undefined : 'stream_chunks_not_contiguous';
}
