import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import busboy from '@fastify/busboy';
import { Problem } from '#kit/errors.ts';
import type { BodyLimits, StagedBody, Staging } from '#platform/blobs/blob-store.ts';

export interface ReceivedForm<Field extends string> {
  fields: Partial<Record<Field, string>>;
  body: StagedBody;
  file: FormFile;
}

export interface FormFile {
  /** As the client names the file and its type. */
  name: string;
  mediaType: string;
}

/** Asked when the file begins, with the fields before it; a refusal ends the reading before a byte of the file is taken. */
export type Judge<Field extends string> = (
  file: FormFile,
  fields: Partial<Record<Field, string>>,
) => Promise<Omit<BodyLimits, 'declaredBytes'>>;

/**
 * Reads a multipart upload, the file before or after its fields, and stages the file as it comes.
 * Throws invalid_multipart, missing_file, duplicate_file, what the judge and what staging throw; the staged file is gone then.
 */
export async function receiveForm<Field extends string>(
  incoming: IncomingMessage,
  staging: Staging,
  limits: Omit<BodyLimits, 'declaredBytes'> | Judge<Field>,
  fieldNames: readonly Field[],
): Promise<ReceivedForm<Field>> {
  const parser = openParser(incoming);
  const fields = new Map<Field, string>();
  let about = { name: '', mediaType: '' };
  let staged: Promise<StagedBody> | undefined;
  let part: Readable | undefined;

  // Built from the very names that Field is made of.
  const given = () => Object.fromEntries(fields) as Partial<Record<Field, string>>;

  const finished = new Promise<void>((resolve, reject) => {
    const fail = (error: unknown) => reject(error);
    parser.on('field', (name: string, value: string, nameCut: boolean, valueCut: boolean) => {
      const known = fieldNames.find((field) => field === name);
      if (known === undefined || nameCut || valueCut || fields.has(known)) fail(new Problem('invalid_multipart'));
      else fields.set(known, value);
    });
    parser.on('file', (name: string, file: Readable, filename: string, _encoding: string, mediaType: string) => {
      file.on('error', fail);
      if (name !== 'file' || staged !== undefined) {
        file.resume();
        fail(new Problem(name === 'file' ? 'duplicate_file' : 'invalid_multipart'));
        return;
      }
      part = file;
      about = { name: filename ?? '', mediaType };
      staged =
        typeof limits === 'function'
          ? limits(about, given()).then((judged) => staging.receive(file, judged))
          : staging.receive(file, limits);
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
    return { fields: given(), body: await staged, file: about };
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
