import { type RawBuilder, sql } from 'kysely';
import type { Metadata } from '#platform/metadata/metadata.ts';
import type { DocumentRow } from '../access.ts';
import { type Asking, sharedWith } from '../shares/grants.ts';
import { asFts5, asTsquery, type SearchQuery } from './search-query.ts';

export type FoundDocument = DocumentRow & {
  /** 1: the name has every word; 2: name and topics have; 3: it takes the text. */
  tier: number;
  body: string;
};

/** Where the page before ended. */
export interface SearchPlace {
  tier: number;
  updatedAt: string;
  id: string;
}

export interface SearchFilter {
  query: SearchQuery;
  /** The name of a topic that somebody confirmed. */
  topic?: string;
}

/**
 * What the account owns or is shown of what was asked for, outside of the trash. Ranked by where the words stand, name before topics before
 * text, and there by the latest change: a rule that both databases follow to the letter, and that a person can foresee.
 */
export async function searchDocuments(
  { read, dialect }: Pick<Metadata, 'read' | 'dialect'>,
  asking: Asking,
  filter: SearchFilter,
  page: { limit: number; after?: SearchPlace },
): Promise<FoundDocument[]> {
  const { matches, tier } = dialect === 'sqlite' ? inFts5(filter.query) : inTsvector(filter.query);
  const after =
    page.after === undefined
      ? sql`1 = 1`
      : sql`(tier > ${page.after.tier} OR (tier = ${page.after.tier} AND (updated_at < ${page.after.updatedAt}
          OR (updated_at = ${page.after.updatedAt} AND id < ${page.after.id}))))`;
  const topic =
    filter.topic === undefined
      ? sql`1 = 1`
      : sql`EXISTS (SELECT 1 FROM document_topics JOIN topics ON topics.id = document_topics.topic_id
          WHERE document_topics.document_id = documents.id AND document_topics.state = 'confirmed' AND topics.name = ${filter.topic})`;
  const { rows } = await sql<FoundDocument>`
    WITH RECURSIVE shown (id) AS (
      SELECT shares.folder_id FROM shares JOIN folders ON folders.id = shares.folder_id AND folders.trashed_at IS NULL
      WHERE ${sharedWith(asking)}
      UNION
      SELECT folders.id FROM shown JOIN folders ON folders.parent_id = shown.id WHERE folders.trashed_at IS NULL
    ), found AS (
      SELECT documents.*, ${tier} AS tier, document_texts.body
      FROM document_texts JOIN documents ON documents.id = document_texts.document_id
      WHERE ${matches} AND documents.trashed_at IS NULL AND documents.deletion_state = 'active' AND ${topic}
      AND (
        documents.owner_account_id = ${asking.accountId}
        OR documents.folder_id IN (SELECT id FROM shown)
        OR documents.id IN (SELECT shares.document_id FROM shares WHERE ${sharedWith(asking)})
      )
    )
    SELECT * FROM found WHERE ${after} ORDER BY tier, updated_at DESC, id DESC LIMIT ${page.limit}`.execute(read);
  return rows;
}

interface Asked {
  matches: RawBuilder<unknown>;
  tier: RawBuilder<unknown>;
}

function inFts5(query: SearchQuery): Asked {
  const found = (columns?: readonly string[]) =>
    sql`document_texts.rowid IN (SELECT rowid FROM document_search WHERE document_search MATCH ${asFts5(query, columns)})`;
  return {
    matches: found(),
    tier: sql`CASE WHEN ${found(['name'])} THEN 1 WHEN ${found(['name', 'topics'])} THEN 2 ELSE 3 END`,
  };
}

/** As the index has it, word for word: only so it is used. */
const vector = sql`(setweight(to_tsvector('simple'::regconfig, document_texts.name || ' prooflinefieldend'), 'A')
  || setweight(to_tsvector('simple'::regconfig, document_texts.topics || ' prooflinefieldend'), 'B')
  || setweight(to_tsvector('simple'::regconfig, document_texts.words), 'C'))`;
/** Short, and so quick to make again for a row that was found. */
const labels = sql`(setweight(to_tsvector('simple'::regconfig, document_texts.name || ' prooflinefieldend'), 'A')
  || setweight(to_tsvector('simple'::regconfig, document_texts.topics), 'B'))`;

function inTsvector(query: SearchQuery): Asked {
  const asked = (weights?: string) => sql`to_tsquery('simple'::regconfig, ${asTsquery(query, weights)})`;
  return {
    matches: sql`${vector} @@ ${asked()}`,
    tier: sql`CASE WHEN ${labels} @@ ${asked('A')} THEN 1 WHEN ${labels} @@ ${asked('AB')} THEN 2 ELSE 3 END`,
  };
}
