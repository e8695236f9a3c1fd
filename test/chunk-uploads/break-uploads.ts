import { setTimeout as pause } from 'node:timers/promises';
import { Client } from '../http/support/client.ts';
import { openWorld, until, type World } from '../http/support/world.ts';
import { type Finding, type Progress, silently } from '../support/finding.ts';
import { bytesNamed, type Random, seeded } from '../support/random.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { type BodyCutter, startBodyCutter } from '../support/services/body-cutter.ts';
import { unusedPort } from '../support/services/unused-port.ts';
import { tusUpload } from '../support/tus-client.ts';
import { assertAccepted, chunkWords, type SentTo, uploadsOf } from './support/chunk-words.ts';

export interface BreakUploadsOptions {
  how: 'cut' | 'kill';
  rounds: number;
  seed: number;
  progress?: Progress;
}

const sliceBytes = 32 * 1024;
/** Of the largest chunk. A death needs time to come in between. */
const slices = { cut: 12, kill: 128 } as const;
/** An incident is looked at in one page. */
const chunksOfIncident = 100;
/** A start on a busy machine takes seconds. Milliseconds. */
const patient = Array.from({ length: 120 }, (_, i) => Math.min(50 * i, 500));

/** Chunks are sent resumably, each of them broken once: by the network at a byte, or by the death of the server at any instant. */
export async function breakUploads({ how, rounds, seed, progress = silently }: BreakUploadsOptions): Promise<Finding> {
  const random = seeded(seed);
  const port = await unusedPort();
  const env = {
    SAFE_MAIN_BIND_ADDRS: `127.0.0.1:${port}`,
    SAFE_RESUMABLE_SLICE_BYTES: String(sliceBytes),
    SAFE_RESUMABLE_WORKER_INTERVAL: '100ms',
  };
  const world = await openWorld(`break-uploads-${how}`, env);
  const { dataDir } = world.server;
  let server = world.server;
  const violations: string[] = [];
  let [acknowledged, resumed, done] = [0, 0, 0];
  try {
    for (let begun = 0; begun < rounds; begun += chunksOfIncident) {
      const incident = await world.ada.incident();
      const stream = await world.ada.stream(incident);
      const count = Math.min(chunksOfIncident, rounds - begun);
      for (let index = 1; index <= count; index++) {
        const bytes = bytesNamed(`${seed}-${begun + index}`, random.between(1, slices[how] * sliceBytes));
        const cutter = await startBodyCutter(port, random.pick([0, 50]));
        try {
          const sending = send(world, cutter, { incident, stream, index }, bytes);
          if (how === 'cut') armCut(cutter, random, bytes.length);
          else server = await killDuring({ server, cutter, random }, () => startServer({ dataDir, env }));
          await sending;
          acknowledged += 1;
          const offsets = cutter.offsets.filter((offset) => offset > 0);
          if (offsets.length > 0) resumed += 1;
        } catch (error) {
          violations.push(`chunk ${begun + index}: ${error instanceof Error ? error.message : String(error)}`);
        } finally {
          await cutter.close();
        }
        done += 1;
        if (done % 20 === 0) progress(`${done} of ${rounds} broken`);
      }
      const completed = await world.ada.complete(incident, stream, count);
      if (completed.status !== 200) violations.push(`the stream cannot be completed: ${completed.code}`);
    }
    const parts = async () => (await world.blobs.list('uploads')).length;
    // What a death left of the tidying stays until its upload is forgotten, which is days later.
    await world.rows(async (query) => {
      await query("UPDATE resumable_uploads SET expires_at = created_at WHERE state = 'done'");
    });
    await until(async () => ((await parts()) === 0 ? true : undefined), 'no part is left').catch((error: Error) =>
      violations.push(error.message),
    );
    if (resumed === 0) violations.push('nothing ever went on where it was: the test is blind');
  } finally {
    await server.stop();
    world.remove();
  }
  return {
    section: 'captures',
    fault:
      how === 'cut'
        ? 'the network breaks in the body of a resumable chunk, at any byte or before the answer'
        : 'kill -9 of the server while a chunk is sent resumably',
    held: 'the client goes on, the chunk is there once with its bytes, the stream completes, no part is left of an upload that is forgotten',
    filesystem: 'as the machine has it',
    rounds: done,
    acknowledged,
    violations,
    seed,
    note: `${resumed} went on in the middle, the others from the start or with nothing left to send`,
  };
}

async function send(world: World, cutter: BodyCutter, to: SentTo, bytes: Buffer): Promise<void> {
  const through = new Client(`http://127.0.0.1:${cutter.port}`, world.contract, world.ada.token);
  const words = { metadata: chunkWords(to, bytes), retryDelays: patient };
  const { id } = await tusUpload(through, uploadsOf(to.incident), bytes, words);
  await assertAccepted(world.ada, world.blobs, to, bytes, `${uploadsOf(to.incident)}/${id}`);
}

function armCut(cutter: BodyCutter, random: Random, size: number): void {
  const boundary = Math.min(size, sliceBytes * random.between(0, slices.cut));
  cutter.cutNext(random.pick([random.between(0, size), boundary, size, 'answer']));
}

async function killDuring(
  { server, cutter, random }: { server: TestServer; cutter: BodyCutter; random: Random },
  start: () => Promise<TestServer>,
): Promise<TestServer> {
  await until(() => (cutter.offsets.length > 0 ? true : undefined), 'the body is on its way');
  await pause(random.between(0, 250));
  await server.kill();
  return await start();
}
