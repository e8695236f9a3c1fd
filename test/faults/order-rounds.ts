import { type Api, openIncident, openStream, signIn } from '../support/api.ts';
import type { Finding } from '../support/finding.ts';
import { type SentChunk, sendChunk } from '../support/ledger.ts';
import { seeded } from '../support/random.ts';
import { createAccount, scratchFolder, startServer } from '../support/server.ts';
import { disorder } from './order.ts';
import { attachTracer } from './trace.ts';

/** Watches the server accept so many chunks, eight at once, and checks the order of its system calls for each. */
export async function watchOrder({ acks, seed }: { acks: number; seed: number }): Promise<Finding> {
  const folder = scratchFolder('order');
  await createAccount(folder.path, 'ada', 'admin');
  const server = await startServer({ dataDir: folder.path });
  try {
    const ada = await signIn(server.url, 'ada');
    const tracer = await attachTracer(server.pid);
    const sent = await upload(ada, acks, seed);
    const stopped = server.stop();
    const calls = await tracer.calls();
    await stopped;
    const accepted = sent.filter((chunk) => chunk.accepted !== undefined);
    const violations = accepted.flatMap((chunk) =>
      disorder(calls, { blob: blobName(chunk), byteSize: chunk.size, id: idOf(chunk) }),
    );
    const refused = sent.filter((chunk) => chunk.accepted === undefined).map((chunk) => `refused: ${chunk.refused}`);
    return {
      fault: 'none: the order of system calls, as strace sees it',
      held: 'write → flush of the file → link → flush of the folder → flush of the WAL → answer',
      filesystem: 'as the machine has it',
      rounds: sent.length,
      acknowledged: accepted.length,
      violations: [...violations, ...refused],
      seed,
    };
  } finally {
    await server.kill();
    folder.remove();
  }
}

async function upload(ada: Api, acks: number, seed: number): Promise<SentChunk[]> {
  const random = seeded(seed);
  const sent: SentChunk[] = [];
  const lane = async (name: number) => {
    while (sent.length < acks) {
      const incidentId = await openIncident(ada);
      const streamId = await openStream(ada, incidentId);
      for (let index = 1; index <= 5 && sent.length < acks; index++) {
        const size = random.pick([1, 65_536, 65_536, 65_536, 70_000, 300_000, 4_500_000]);
        const chunk = { incidentId, streamId, index, size, key: `${seed}-${name}-${incidentId}-${index}` };
        sent.push(chunk);
        await sendChunk(ada, chunk);
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, name) => lane(name)));
  return sent;
}

export function blobName({ incidentId, streamId, index }: SentChunk): string {
  return `incidents/${incidentId}/streams/${streamId}/video_${String(index).padStart(6, '0')}.enc`;
}

export function idOf(chunk: SentChunk): string {
  // What the server answered, which is JSON of ours to look into.
  return (chunk.accepted as { id: string }).id;
}
