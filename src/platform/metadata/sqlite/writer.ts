import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { AnyTransaction } from '#platform/metadata/metadata.ts';
import { assertDistinctNames } from '#platform/metadata/registry.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { Checkpointer } from './checkpoint.ts';
import { openConnection } from './connection.ts';
import { GroupRunner } from './group.ts';
import type { FromWriter, Request, ToWriter, WriterData } from './messages.ts';

/**
 * The body of the writer thread; its entry module calls this with the transactions of every slice. Takes whatever has arrived
 * when the last group is committed as the next group, so groups grow with the load and a lone writer never waits for company.
 */
export function runWriter(transactions: readonly AnyTransaction[]): void {
  if (parentPort === null) throw new Error('runWriter runs in a worker thread only.');
  const port = parentPort;
  // openSqlite made it; nobody else starts this thread.
  const { path, maxGroup } = workerData as WriterData;
  try {
    assertDistinctNames(transactions);
    const database = openConnection(path, 'writer');
    const runner = new GroupRunner(database, transactions);
    serve(port, runner, new Checkpointer(database, (error) => runner.note(error)), maxGroup, () => database.close());
    answer(port, { kind: 'ready', transactions: transactions.map(({ name }) => name) });
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    answer(port, { kind: 'refused', message: error.message, remedy: error.remedy });
  }
}

function serve(
  port: MessagePort,
  runner: GroupRunner,
  checkpointer: Checkpointer,
  maxGroup: number,
  closeDatabase: () => void,
): void {
  let waiting: Request[] = [];
  let running = false;
  let closing = false;

  const take = (message: ToWriter) => {
    if (message.kind === 'close') closing = true;
    else waiting = waiting.length === 0 ? [...message.requests] : waiting.concat(message.requests);
  };
  const drain = () => {
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port))
      take(next.message);
  };
  const runAll = async () => {
    running = true;
    for (drain(); waiting.length > 0; drain()) {
      const group = waiting.slice(0, maxGroup);
      waiting = waiting.slice(maxGroup);
      const outcomes = await runner.run(group);
      answer(port, { kind: 'ran', outcomes, lasting: runner.failedForGood });
      checkpointer.afterGroup();
    }
    running = false;
    if (!closing) return checkpointer.whenIdle();
    checkpointer.stop();
    closeDatabase();
    port.close();
  };

  port.on('message', (message: ToWriter) => {
    take(message);
    if (!running) void runAll();
  });
}

function answer(port: MessagePort, message: FromWriter): void {
  port.postMessage(message);
}
