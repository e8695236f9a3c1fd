import type { UploadWords } from '#features/resumable/index.ts';
import { isSha256Hex } from '#kit/bytes.ts';
import { Problem } from '#kit/errors.ts';
import { documentName } from '../document-name.ts';
import { plainMediaType } from '../media-type.ts';
import { namedTopics, topicsOfField } from '../topics/topic-name.ts';

export interface NewDocumentWords {
  name: string;
  folderId: string | null;
  topics: readonly string[];
  mediaType: string;
}

export interface NextVersionWords {
  documentId: string;
  /** The version that it follows; whatever is current, where that is all the same to the sender. */
  follows: number | 'current';
  mediaType: string;
}

/**
 * What an upload is to become, also in the spellings of clients that know nothing of this server. Throws invalid_document_name,
 * invalid_sha256_hex, invalid_request.
 */
export function wordsOfUpload(words: UploadWords): NewDocumentWords | NextVersionWords {
  const { sha256 = null } = words;
  if (sha256 !== null && !isSha256Hex(sha256)) throw new Problem('invalid_sha256_hex');
  const mediaType = plainMediaType(words.media_type ?? words.filetype ?? words.type ?? undefined);
  const { document_id: documentId } = words;
  if (typeof documentId === 'string') return { documentId, follows: followed(words), mediaType };
  const topics = topicsOfField(words.topics ?? undefined);
  namedTopics(topics);
  return {
    name: documentName(words.name ?? words.filename ?? ''),
    folderId: words.folder_id ?? null,
    topics,
    mediaType,
  };
}

function followed(words: UploadWords): number | 'current' {
  if (words.folder_id !== undefined || words.topics !== undefined)
    throw new Problem('invalid_request', { message: 'document_id: a version has no folder and no topics of its own' });
  const { if_match: tag } = words;
  if (tag === '*') return 'current';
  const version = /^"(\d{1,9})"$/.exec(tag ?? '')?.[1];
  if (version === undefined)
    throw new Problem('invalid_request', { message: 'if_match: the ETag of the current version, or *' });
  return Number(version);
}
