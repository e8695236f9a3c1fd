import { type Locker, Server } from '@tus/server';
import type { Caller } from '#http/caller.ts';
import * as reply from '#http/reply.ts';
import type { HttpContext } from '#http/route.ts';
import { Problem } from '#kit/errors.ts';
import { newId } from '#kit/ids.ts';
import { type FinishDeps, finishPatienceMs, finishUpload } from './finish-upload.ts';
import { PartsStore } from './parts-store.ts';
import type { ResumableConfig } from './resumable.config.ts';
import { unfinishedOf } from './resumable.store.ts';
import { asProblem } from './tus-problems.ts';
import type { HeldUpload, UploadLocks } from './upload-locks.ts';
import type { GrantedUpload, UploadTarget, UploadWish } from './upload-target.ts';

export interface TusDeps extends FinishDeps {
  locks: UploadLocks;
}

export interface TusRequest {
  c: HttpContext;
  caller: Caller;
  target: UploadTarget;
  /** Below which the uploads are. */
  path: string;
  /** Of the path, where it names one. */
  incidentId: string | null;
}

/** A sender may be silent for so long while another request waits. Milliseconds. */
const silenceMs = 1_000;
/** Headers of the protocol, and ours; those that open an API to pages of other origins stay out. */
const answered = [
  'Location',
  'Tus-Resumable',
  'Tus-Version',
  'Tus-Extension',
  'Tus-Max-Size',
  'Upload-Offset',
  'Upload-Length',
  'Upload-Metadata',
  'Upload-Expires',
];

/**
 * Lets @tus/server speak the protocol: one of them a request, which costs microseconds, so that its store knows whose request it is. It gets
 * the request without its body, which the store takes from the socket.
 */
export async function answerTus(deps: TusDeps, config: ResumableConfig, request: TusRequest): Promise<Response> {
  const { c, caller, target, path, incidentId } = request;
  const store = new PartsStore({ deps, config, target, caller, incidentId, incoming: c.env.incoming });
  let failure: unknown;
  let result: string | undefined;
  const server = new Server({
    path,
    datastore: store,
    locker: lockerOf(deps.locks, store),
    relativeLocation: true,
    maxSize: target.maxBytes,
    allowedOrigins: [],
    namingFunction: () => newId('upl'),
    onUploadCreate: async (_, upload) => {
      store.granted = await checkWish(deps, request, { words: upload.metadata ?? {}, byteSize: upload.size ?? 0 });
      return {};
    },
    onUploadFinish: async (_, { id }) => {
      result = await finishUpload(deps, config, target, id, { patienceMs: finishPatienceMs });
      return {};
    },
    onResponseError: (_, error) => {
      failure = asProblem(error);
      return undefined;
    },
  });
  const asked = new Request(c.req.url, { method: c.req.method, headers: c.req.raw.headers });
  const said = await server.handleWeb(asked);
  if (failure !== undefined) throw failure;
  // Refused before any handler: a header is not valid, and the answer names it.
  if (said.status >= 400) throw new Problem('invalid_request', { message: (await said.text()).trim() });
  return reply.empty(said.status, headersOf(said, result ?? store.seen?.result_id ?? undefined, store.stood));
}

function headersOf(said: Response, resultId: string | undefined, stood: number | undefined): Record<string, string> {
  const headers: Record<string, string> = resultId === undefined ? {} : { 'Proofline-Result': resultId };
  if (stood !== undefined) headers['Upload-Offset'] = String(stood);
  for (const name of answered) {
    const value = said.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  return headers;
}

/** Everything that can be refused before the first byte. */
async function checkWish(
  deps: TusDeps,
  { caller, target, incidentId }: TusRequest,
  wish: Pick<UploadWish, 'words' | 'byteSize'>,
): Promise<GrantedUpload> {
  const pending = await unfinishedOf(deps.metadata.read, caller.accountId, target.kind);
  return await target.check(caller, { ...wish, incidentId, pending });
}

function lockerOf(locks: UploadLocks, store: PartsStore): Locker {
  return {
    newLock(id) {
      let held: HeldUpload | undefined;
      return {
        lock: async () => {
          held = await locks.take(id, { askToLeave: () => store.leaveIfSilent(silenceMs) });
        },
        unlock: async () => {
          await held?.release();
        },
      };
    },
  };
}
