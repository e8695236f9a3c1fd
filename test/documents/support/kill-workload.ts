import type { Answer, Client } from '../../http/support/client.ts';
import { bytesNamed, type Random } from '../../support/random.ts';
import { upload } from './vault.ts';

/** Content that was sent under a key, and whether it was heard to be kept. Its bytes are made again from the key. */
export interface SentContent {
  key: string;
  size: number;
  /** The version that it followed; 0 for a new document. */
  follows: number;
  accepted: boolean;
}

/** What a lane did with one document. It goes step by step, so at most its last step is unanswered. */
export interface WorkedDocument {
  name: string;
  id?: string;
  sent: SentContent[];
  deletion: 'none' | 'asked' | 'decided';
}

export const bytesOf = ({ key, size }: SentContent) => bytesNamed(key, size);

const sizes = [0, 100, 70_000, 1_500_000] as const;

/** Adds, gives further versions, deletes for good, in three lanes, until the server is gone or every lane has done its turns. */
export async function work(as: Client, random: Random, name: string, turns: number): Promise<WorkedDocument[]> {
  const worked: WorkedDocument[] = [];
  const lane = async (of: string) => {
    for (let turn = 1; turn <= turns; turn++) {
      const document: WorkedDocument = { name: `${of}-${turn}`, sent: [], deletion: 'none' };
      // Before anything is sent: a lane that is cut off leaves it behind.
      worked.push(document);
      await workOn(as, random, document);
    }
  };
  await Promise.allSettled([1, 2, 3].map((n) => lane(`${name}-${n}`)));
  return worked;
}

async function workOn(as: Client, random: Random, document: WorkedDocument): Promise<void> {
  const versions = random.between(1, 3);
  for (let version = 1; version <= versions; version++) {
    const sent = {
      key: `${document.name}-v${version}`,
      size: random.pick(sizes),
      follows: version - 1,
      accepted: false,
    };
    document.sent.push(sent);
    const answer = await send(as, document, sent);
    if (answer.status >= 300) throw new Error(`${answer.status} ${answer.code}`);
    sent.accepted = true;
    document.id = answer.body.document.id;
  }
  if (!random.chance(0.6)) return;
  document.deletion = 'asked';
  await as.call('DELETE', `/v1/documents/${document.id}?permanent=true`);
  document.deletion = 'decided';
  // The worker looks every 100 ms; so that it is met at work.
  await new Promise((resolve) => setTimeout(resolve, 150));
}

/** For the first time, or again: the key is the same. */
export function send(as: Client, document: WorkedDocument, sent: SentContent): Promise<Answer> {
  const headers = { 'idempotency-key': sent.key };
  if (sent.follows === 0) return upload(as, { name: document.name, bytes: bytesOf(sent), headers });
  const path = `/v1/documents/${document.id}/content`;
  return as.call('PUT', path, bytesOf(sent), { ...headers, 'if-match': `"${sent.follows}"` });
}
