import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import busboy from '@fastify/busboy';
import { Problem } from '#kit/errors.ts';
import type { BodyLimits, StagedBody, Staging } from '#platform/blobs/blob-store.ts';
import type { ClaimText } from './chunk-identity.ts';

const fieldNames = [
  'stream_id',
  'chunk_index',
  'media_type',
  'started_at',
  'ended_at',
  'sha256_hex',
  'original_filename',
] as const;

type FieldName = (typeof fieldNames)[number];

export interface ReceivedForm {
  claim: ClaimText;
  body: StagedBody;
}

/**
 * Reads a multipart upload, the file before or after its fields, and stages the file as it comes.
 * Throws invalid_multipart, missing_file, duplicate_file and what staging throws; the staged file is gone then.
 */
export async function receiveForm(
  incoming: IncomingMessage,
  staging: Staging,
  limits: Omit<BodyLimits, 'declaredBytes'>,
): Promise<ReceivedForm> {
  const parser = openParser(incoming);
  const fields = new Map<FieldName, string>();
  let staged: Promise<StagedBody> | undefined;
  let part: Readable | undefined;

  const finished = new Promise<void>((resolve, reject) => {
    const fail = (error: unknown) => reject(error);
    parser.on('field', (name: string, value: string, nameCut: boolean, valueCut: boolean) => {
      const known = fieldNames.find((field) => field === name);
      if (known === undefined || nameCut || valueCut || fields.has(known)) fail(new Problem('invalid_multipart'));
      else fields.set(known, value);
    });
    parser.on('file', (name: string, file: Readable) => {
      file.on('error', fail);
      if (name !== 'file' || staged !== undefined) {
        file.resume();
        fail(new Problem(name === 'file' ? 'duplicate_file' : 'invalid_multipart'));
        return;
      }
      part = file;
      staged = staging.receive(file, limits);
      // Waited for below; a refusal must end the reading at once, also when more parts would follow.
      staged.catch(fail);
    });
    parser.on('partsLimit', () => fail(new Problem('invalid_multipart')));
    parser.on('filesLimit', () => fail(new Problem('duplicate_file')));
    parser.on('fieldsLimit', () => fail(new Problem('invalid_multipart')));
    parser.on('error', (error: unknown) => fail(new Problem('invalid_multipart', { cause: error })));
    parser.on('finish', resolve);
    incoming.on('error', fail);
    incoming.on('close', () => {
      if (!incoming.complete) fail(new Error('the client went away'));
    });
    incoming.pipe(parser);
  });

  try {
    await finished;
    if (staged === undefined) throw new Problem('missing_file');
    return { claim: claimText(fields), body: await staged };
  } catch (error) {
    incoming.unpipe(parser);
    parser.destroy();
    // The parser does not end a file part that is still open; staging would wait for the rest of it for ever.
    part?.destroy();
    await staged?.then((body) => body.discard()).catch(() => undefined);
    throw error;
  }
}

function openParser(incoming: IncomingMessage) {
  try {
    const contentType = incoming.headers['content-type'];
    if (contentType === undefined) throw new Problem('invalid_multipart');
    return new busboy.Busboy({
      headers: { ...incoming.headers, 'content-type': contentType },
      limits: { fieldNameSize: 64, fieldSize: 4096, fields: 16, files: 2, parts: 20, headerPairs: 32 },
    });
  } catch (error) {
    throw new Problem('invalid_multipart', { cause: error });
  }
}

function claimText(fields: Map<FieldName, string>): ClaimText {
  return {
    streamId: fields.get('stream_id'),
    chunkIndex: fields.get('chunk_index'),
    mediaType: fields.get('media_type'),
    startedAt: fields.get('started_at'),
    endedAt: fields.get('ended_at'),
    sha256Hex: fields.get('sha256_hex'),
    originalFilename: fields.get('original_filename'),
  };
}
