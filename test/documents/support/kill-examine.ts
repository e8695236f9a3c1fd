import type { Client } from '../../http/support/client.ts';
import { until, type World } from '../../http/support/world.ts';
import { bytesOf, send, type WorkedDocument } from './kill-workload.ts';
import { names, quota } from './vault.ts';

/** What is wrong with a document of the load, now that the server is back: nothing lost, nothing doubled, retries answered as before. */
export async function examine(as: Client, world: World, document: WorkedDocument): Promise<string[]> {
  const { name, sent } = document;
  const found = document.id === undefined ? undefined : await as.get(`/v1/documents/${document.id}`);
  if (document.deletion === 'decided' && found?.status === 200) return [`${name}: its deletion was forgotten`];
  if (found?.status === 404) {
    if (document.deletion === 'none') return [`${name}: lost`];
    const { id = '' } = document;
    await until(async () => ((await blobsOf(world, id)) === 0 ? true : undefined), `${name}: its blobs go`);
    return [];
  }
  const violations: string[] = [];
  for (const content of sent) {
    const again = await send(as, document, content);
    if (again.status !== 200 && !(again.status === 201 && !content.accepted))
      violations.push(`${content.key}: a retry was answered ${again.status} ${again.code}`);
    document.id = again.body?.document?.id ?? document.id;
    const read = await as.get(`/v1/documents/${document.id}/content?version=${content.follows + 1}`);
    if (!read.bytes.equals(bytesOf(content))) violations.push(`${content.key}: other bytes`);
  }
  const { versions } = (await as.get(`/v1/documents/${document.id}/versions`)).body;
  if (versions.length !== sent.length) violations.push(`${name}: ${versions.length} versions, ${sent.length} sent`);
  return violations;
}

const blobsOf = async (world: World, id: string) =>
  (await world.blobs.list('users')).filter((path) => path.includes(id)).length;

/** What must be right over all documents: names, totals, rows with their blobs, the chain of the log. */
export async function examineAll(as: Client, world: World): Promise<string[]> {
  const violations: string[] = [];
  const listed = await names(as, '/v1/documents');
  if (new Set(listed).size !== listed.length) violations.push('a name is there twice');
  const used = await quota(as);
  const stored = new Set(await world.blobs.list('users'));
  await world.rows(async (query) => {
    const [total] = await query(
      'SELECT count(DISTINCT document_id) AS documents, coalesce(sum(byte_size), 0) AS bytes FROM document_versions',
    );
    if (Number(total?.documents) !== used.documents_used || Number(total?.bytes) !== used.bytes_used)
      violations.push(`the quota says ${JSON.stringify(used)}, the rows ${JSON.stringify(total)}`);
    const live = await query(
      "SELECT stored_path FROM document_versions WHERE document_id IN (SELECT id FROM documents WHERE deletion_state = 'active')",
    );
    for (const { stored_path } of live) if (!stored.has(String(stored_path))) violations.push('a row without its blob');
    const jobs = await query(
      "SELECT count(*) AS missing FROM document_versions v WHERE NOT EXISTS (SELECT 1 FROM jobs j WHERE j.document_id = v.document_id AND j.document_version = v.version AND j.kind = 'sniff')",
    );
    if (Number(jobs[0]?.missing) !== 0) violations.push(`${jobs[0]?.missing} versions without their job`);
    const [chain] = await query('SELECT count(*) AS entries, max(seq) AS last FROM audit_log');
    if (Number(chain?.entries) !== Number(chain?.last)) violations.push('the audit log has a gap');
  });
  return violations;
}
