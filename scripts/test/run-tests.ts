import { once } from 'node:events';
import { relative, resolve } from 'node:path';
import { type EventData, run } from 'node:test';
import { spec } from 'node:test/reporters';
import { repository } from '../../test/support/server.ts';
import { slowFirst } from './slow-first.ts';

/** On two cores: many of them wait for a server or a clock most of their time. */
const atOnce = 4;

/** When nothing has begun or ended for so long, something waits that waits for ever, such as for a server that a failed test left behind. */
const silenceMs = 8 * 60_000;

/** Runs the files in Node's own runner; true when all is well. Says at the end which took longest. */
export async function runTests(
  files: readonly string[],
  environment: Record<string, string>,
  signal: AbortSignal,
): Promise<boolean> {
  const stuck = new AbortController();
  const under = new Set<string>();
  const silence = setTimeout(() => {
    const files = [...under].map((file) => relative(repository, file)).join(', ');
    process.stdout.write(`\nnothing happened for minutes; under way, if not failed above: ${files}\n`);
    stuck.abort();
  }, silenceMs);
  const stream = run({
    files: slowFirst(files),
    concurrency: atOnce,
    signal: AbortSignal.any([signal, stuck.signal]),
    env: { ...process.env, UV_THREADPOOL_SIZE: '16', ...environment },
  });
  let good = false;
  stream.on('data', () => silence.refresh());
  stream.on('test:dequeue', ({ name, file }: EventData.TestDequeue) => {
    if (resolve(name) === file) under.add(file);
  });
  const took: { file: string; ms: number }[] = [];
  stream.on('test:summary', (summary: EventData.TestSummary) => {
    if (summary.file === undefined) good = summary.success;
  });
  // A file is a test of its own name, around those in it.
  stream.on('test:complete', ({ name, file, details }: EventData.TestComplete) => {
    if (resolve(name) !== file) return;
    under.delete(file);
    took.push({ file, ms: details.duration_ms });
  });
  const report = stream.compose(new spec());
  report.pipe(process.stdout, { end: false });
  await once(report, 'end');
  clearTimeout(silence);
  process.stdout.write(`${slowest(took)}\n`);
  return good;
}

function slowest(took: readonly { file: string; ms: number }[]): string {
  const lines = took
    .toSorted((a, b) => b.ms - a.ms)
    .slice(0, 15)
    .map(({ file, ms }) => `${String(Math.round(ms / 1000)).padStart(5)} s  ${relative(repository, file)}`);
  return ['', 'longest:', ...lines].join('\n');
}
