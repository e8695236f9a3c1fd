import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs the files in Node's own runner; true when all is well. */
export async function runTests(
  files: readonly string[],
  environment: Record<string, string>,
  signal: AbortSignal,
): Promise<boolean> {
  // On two cores: many of them wait for a server or a clock most of their time.
  const runner = spawn(process.execPath, ['--test', '--test-concurrency=3', '--test-reporter=spec', ...files], {
    stdio: 'inherit',
    env: { ...process.env, UV_THREADPOOL_SIZE: '16', ...environment },
  });
  const end = () => void runner.kill('SIGTERM');
  signal.addEventListener('abort', end);
  const [code] = (await once(runner, 'exit')) as [number | null];
  signal.removeEventListener('abort', end);
  return code === 0;
}
