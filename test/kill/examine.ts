import type { Api } from '../support/api.ts';
import { blobsStay, brokenChunk, brokenRetry, listRows, rowsWithoutBlob, type Stored } from '../support/ledger.ts';
import type { WorkedIncident } from './workload.ts';

/** What was looked at so far, and found to be promised. */
export interface Examined {
  stored: Stored;
  acknowledged: number;
  /** Of chunks that were accepted and not deleted since. */
  liveBytes: number;
}

/** What is wrong with an incident of the load, now that the fault is over: nothing lost, nothing doubled, retries answered as before. */
export async function examine(state: Examined, ada: Api, incident: WorkedIncident): Promise<string[]> {
  const { stored } = state;
  const accepted = incident.chunks.filter((chunk) => chunk.accepted !== undefined);
  state.acknowledged +=
    accepted.length + (incident.completion === 'done' ? 1 : 0) + (incident.deletion === 'decided' ? 1 : 0);
  const decision = await ada.call('GET', `/v1/incidents/${incident.id}/deletion`);
  if (incident.deletion === 'decided' && decision.status !== 200) return [`${incident.id}: its deletion was forgotten`];
  if (decision.status === 200) return await untilDeleted(ada, stored, incident.id);

  const violations = await rowsWithoutBlob(ada, stored, incident.id);
  for (const chunk of incident.chunks) {
    const wasAccepted = chunk.accepted !== undefined;
    violations.push(...(await (wasAccepted ? brokenChunk : brokenRetry)(ada, stored, chunk)));
    if (chunk.accepted !== undefined) state.liveBytes += chunk.size;
  }
  const kept = incident.chunks.filter((chunk) => chunk.accepted !== undefined).length;
  const rows = (await listRows(ada, incident.id)).length;
  if (rows !== kept) violations.push(`${incident.id}: ${kept} chunks accepted, ${rows} rows`);
  if (incident.completion === 'done') {
    const { body } = await ada.call('GET', `/v1/incidents/${incident.id}/streams/${incident.streamId}`);
    if (body.stream?.status !== 'complete') violations.push(`${incident.streamId}: completed, and is not`);
  }
  return violations;
}

export async function untilDeleted(ada: Api, stored: Stored, incidentId: string): Promise<string[]> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const { body } = await ada.call('GET', `/v1/incidents/${incidentId}/deletion`);
    if (body.deletion.state === 'deleted') break;
    if (performance.now() > deadline) return [`${incidentId}: its deletion stands still at ${body.deletion.state}`];
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return (await blobsStay(stored, incidentId)) ? [`${incidentId}: deleted, and its blobs stay`] : [];
}
