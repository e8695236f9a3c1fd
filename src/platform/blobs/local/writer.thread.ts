import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { BatchWriter } from './writer-batch.ts';
import type { WriteCall, WriterSetup } from './writer-calls.ts';

const port = parentPort;
if (port === null) throw new Error('This module is the entry of a worker thread.');
// The one starter is writer.ts, which passes exactly this.
const writer = new BatchWriter(workerData as WriterSetup);
const queue: WriteCall[] = [];
let running = false;

async function run(): Promise<void> {
  running = true;
  while (queue.length > 0) {
    port?.postMessage(await writer.run(queue.splice(0, writer.batchSize)));
    takeWaiting();
  }
  running = false;
}

/** What came while the batch ran, without a turn of the event loop. */
function takeWaiting(): void {
  if (port === null) return;
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port))
    queue.push(...next.message);
}

port.on('message', (calls: WriteCall[]) => {
  queue.push(...calls);
  if (!running) void run();
});

port.postMessage('ready');
