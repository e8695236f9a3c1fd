/**
 * What each operation of the vault asks for, written from the documentation and not from the code. An operation that is missing here
 * fails the test.
 */
export type Right = 'view' | 'edit' | 'own';

export interface Objects {
  document: string;
  /** In which the document lies. */
  folder: string;
  topic: string;
  share: string;
  upload: string;
  job: string;
  group: string;
  account: string;
  /** Of a link to the document's folder. */
  token: string;
  connection: string;
}

export interface Asked {
  /** `{name}` of the path is filled in from the objects; this is what follows it. */
  query?: (objects: Objects) => string;
  body?: (objects: Objects) => unknown;
  headers?: (objects: Objects) => Record<string, string>;
  /** The connection in the path is the asker's own. */
  byOwnConnection?: true;
  /** What somebody hears who may: a status, or the code of a refusal that has nothing to do with who asks. */
  success: number | string;
}

export type Rule = Asked &
  /** Whoever has the link or not, signed in or not. */
  (
    | { by: 'anyone'; inTrash?: string }
    /** Any account, about its own matters. */
    | { by: 'account' }
    | { by: 'admin' }
    /** So much of the document or folder; others hear that there is none, or that they may not. */
    | { by: Right; on: 'document' | 'folder' }
    /** Nobody but its owner, whatever is shared. */
    | { by: 'owner'; missing: string }
  );

let count = 0;
const fresh = (what: string) => `${what} ${++count}`;

function form(fields: Record<string, string>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries({ name: fresh('form'), ...fields })) data.set(name, value);
  data.set('file', new Blob(['bytes']), 'a.txt');
  return data;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');
const tus = { 'tus-resumable': '1.0.0' };
const beginning = (words: Record<string, string>) => ({
  ...tus,
  'upload-length': '5',
  'upload-metadata': Object.entries({ name: fresh('tus'), ...words })
    .map(([name, value]) => `${name} ${base64(value)}`)
    .join(','),
});
const named = () => ({ name: fresh('name') });

/** To nowhere. */
export const connection = () => ({
  ...named(),
  kind: 'webdav',
  endpoint: 'https://127.0.0.1:1/dav',
  username: 'u',
  password: 'p',
});

/** Several of one operation, by what stands behind a space: where the request names a thing beside its path. */
export const rights: Record<string, Rule> = {
  'POST /v1/documents': { by: 'account', body: () => form({}), success: 201 },
  'POST /v1/documents into a folder': {
    by: 'edit',
    on: 'folder',
    body: ({ folder }) => form({ folder_id: folder }),
    success: 201,
  },
  'GET /v1/documents': { by: 'account', success: 200 },
  'GET /v1/documents in a folder': {
    by: 'view',
    on: 'folder',
    query: ({ folder }) => `?folder_id=${folder}`,
    success: 200,
  },
  "GET /v1/documents in a folder's trash": {
    by: 'own',
    on: 'folder',
    query: ({ folder }) => `?folder_id=${folder}&trashed=true`,
    success: 200,
  },
  'GET /v1/documents/{document_id}': { by: 'view', on: 'document', success: 200 },
  'PATCH /v1/documents/{document_id}': { by: 'edit', on: 'document', body: named, success: 200 },
  'PATCH /v1/documents/{document_id} its topics': {
    by: 'edit',
    on: 'document',
    body: () => ({ topics: ['rent'] }),
    success: 200,
  },
  'GET /v1/documents/{document_id}/content': { by: 'view', on: 'document', success: 200 },
  'PUT /v1/documents/{document_id}/content': {
    by: 'edit',
    on: 'document',
    body: () => 'next',
    headers: () => ({ 'if-match': '*', 'content-type': 'text/plain' }),
    success: 200,
  },
  // Of its type there is neither.
  'GET /v1/documents/{document_id}/preview': { by: 'view', on: 'document', success: 'not_found' },
  'GET /v1/documents/{document_id}/thumbnail': { by: 'view', on: 'document', success: 'not_found' },
  'GET /v1/documents/{document_id}/versions': { by: 'view', on: 'document', success: 200 },
  'GET /v1/documents/{document_id}/jobs': { by: 'view', on: 'document', success: 200 },
  'DELETE /v1/documents/{document_id}': { by: 'edit', on: 'document', success: 204 },
  'DELETE /v1/documents/{document_id} for good': {
    by: 'own',
    on: 'document',
    query: () => '?permanent=true',
    success: 204,
  },
  'POST /v1/documents/{document_id}/restore': { by: 'edit', on: 'document', success: 200 },
  'GET /v1/documents/{document_id}/shares': { by: 'own', on: 'document', success: 200 },
  'POST /v1/documents/{document_id}/shares': {
    by: 'own',
    on: 'document',
    body: () => ({ kind: 'link' }),
    success: 201,
  },
  'OPTIONS /v1/documents/uploads': { by: 'anyone', success: 204 },
  'GET /v1/documents/uploads': { by: 'account', success: 200 },
  'POST /v1/documents/uploads': { by: 'account', headers: () => beginning({}), success: 201 },
  'POST /v1/documents/uploads into a folder': {
    by: 'edit',
    on: 'folder',
    headers: ({ folder }) => beginning({ folder_id: folder }),
    success: 201,
  },
  'GET /v1/documents/uploads/{upload_id}': { by: 'owner', missing: 'upload_not_found', success: 200 },
  'HEAD /v1/documents/uploads/{upload_id}': {
    by: 'owner',
    missing: 'upload_not_found',
    headers: () => tus,
    success: 200,
  },
  'PATCH /v1/documents/uploads/{upload_id}': {
    by: 'owner',
    missing: 'upload_not_found',
    headers: () => ({ ...tus, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' }),
    body: () => 'abc',
    success: 204,
  },
  'DELETE /v1/documents/uploads/{upload_id}': {
    by: 'owner',
    missing: 'upload_not_found',
    headers: () => tus,
    success: 204,
  },
  'GET /v1/folders': { by: 'account', success: 200 },
  'GET /v1/folders in a folder': {
    by: 'view',
    on: 'folder',
    query: ({ folder }) => `?parent_id=${folder}`,
    success: 200,
  },
  "GET /v1/folders in a folder's trash": {
    by: 'own',
    on: 'folder',
    query: ({ folder }) => `?parent_id=${folder}&trashed=true`,
    success: 200,
  },
  'POST /v1/folders': { by: 'account', body: named, success: 201 },
  'POST /v1/folders into a folder': {
    by: 'edit',
    on: 'folder',
    body: ({ folder }) => ({ ...named(), parent_id: folder }),
    success: 201,
  },
  'GET /v1/folders/{folder_id}': { by: 'view', on: 'folder', success: 200 },
  'PATCH /v1/folders/{folder_id}': { by: 'edit', on: 'folder', body: named, success: 200 },
  'DELETE /v1/folders/{folder_id}': { by: 'edit', on: 'folder', success: 204 },
  'DELETE /v1/folders/{folder_id} for good': { by: 'own', on: 'folder', query: () => '?permanent=true', success: 204 },
  'POST /v1/folders/{folder_id}/restore': { by: 'edit', on: 'folder', success: 200 },
  'GET /v1/folders/{folder_id}/shares': { by: 'own', on: 'folder', success: 200 },
  'POST /v1/folders/{folder_id}/shares': { by: 'own', on: 'folder', body: () => ({ kind: 'link' }), success: 201 },
  'DELETE /v1/shares/{share_id}': { by: 'owner', missing: 'share_not_found', success: 204 },
  'GET /v1/shared': { by: 'account', success: 200 },
  'DELETE /v1/trash': { by: 'account', success: 200 },
  'GET /v1/topics': { by: 'account', success: 200 },
  'POST /v1/topics': { by: 'account', body: named, success: 201 },
  'DELETE /v1/topics/{topic_id}': { by: 'owner', missing: 'topic_not_found', success: 204 },
  'GET /v1/quota': { by: 'account', success: 200 },
  'GET /v1/cloud-connections': { by: 'account', success: 200 },
  'POST /v1/cloud-connections': { by: 'account', body: connection, success: 201 },
  'POST /v1/cloud-connections that mirrors a folder': {
    by: 'own',
    on: 'folder',
    body: ({ folder }) => ({ ...connection(), mirror_folder_id: folder }),
    success: 201,
  },
  'PATCH /v1/cloud-connections/{connection_id}': {
    by: 'owner',
    missing: 'connection_not_found',
    body: named,
    success: 200,
  },
  'PATCH /v1/cloud-connections/{connection_id} to mirror a folder': {
    by: 'own',
    on: 'folder',
    byOwnConnection: true,
    body: ({ folder }) => ({ mirror_folder_id: folder }),
    success: 200,
  },
  'DELETE /v1/cloud-connections/{connection_id}': { by: 'owner', missing: 'connection_not_found', success: 204 },
  // What it leads to is an address that is refused.
  'POST /v1/cloud-connections/{connection_id}/test': {
    by: 'owner',
    missing: 'connection_not_found',
    success: 'connection_address_refused',
  },
  'GET /v1/cloud-connections/{connection_id}/entries': {
    by: 'owner',
    missing: 'connection_not_found',
    success: 'connection_address_refused',
  },
  'POST /v1/cloud-connections/{connection_id}/import': {
    by: 'owner',
    missing: 'connection_not_found',
    success: 202,
  },
  'POST /v1/cloud-connections/{connection_id}/import into a folder': {
    by: 'own',
    on: 'folder',
    byOwnConnection: true,
    body: ({ folder }) => ({ folder_id: folder }),
    success: 202,
  },
  'POST /v1/cloud-connections/{connection_id}/mirror': {
    by: 'owner',
    missing: 'connection_not_found',
    success: 202,
  },
  'GET /v1/cloud-connections/{connection_id}/jobs': { by: 'owner', missing: 'connection_not_found', success: 200 },
  'GET /v1/groups': { by: 'account', success: 200 },
  'GET /v1/admin/groups': { by: 'admin', success: 200 },
  'POST /v1/admin/groups': { by: 'admin', body: named, success: 201 },
  'GET /v1/admin/groups/{group_id}/members': { by: 'admin', success: 200 },
  'PUT /v1/admin/groups/{group_id}/members/{account_id}': { by: 'admin', success: 204 },
  'DELETE /v1/admin/groups/{group_id}/members/{account_id}': { by: 'admin', success: 204 },
  'GET /v1/admin/jobs': { by: 'admin', success: 200 },
  // There is none that was parked.
  'POST /v1/admin/jobs/{job_id}/repeat': { by: 'admin', success: 404 },
  'POST /v1/admin/accounts/{account_id}/document-quota': {
    by: 'admin',
    body: () => ({ bytes_limit: null, documents_limit: null }),
    success: 200,
  },
  // The link is on a folder, so that it has no document of its own.
  'GET /s/{token}/content': { by: 'anyone', success: 404 },
  'GET /s/{token}/documents/{document_id}/content': { by: 'anyone', inTrash: 'share_invalid', success: 200 },
};

export const operationOf = (name: string) => name.split(' ').slice(0, 2).join(' ');

/** Everything that has nothing to do with documents. What is neither here nor in the table fails the test. */
export const elsewhere =
  /^\/(v1\/(incidents|incident-tokens|relay-capabilities|account|auth|audit|admin\/(accounts|incidents|deletions|audit))(\/|$)|i\/|e\/|health|openapi\.json|lineage|reference|api\/)/;
