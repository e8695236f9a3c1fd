import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/**
 * `proofline demo`; with --cluster also the servers that its two nodes share, where the SAFE_* settings name none. They are those of the
 * tests, so the published package has no part in it.
 */
const args = process.argv.slice(2);
// The demo gets a Ctrl-C itself and ends in its own time; then the servers go.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
process.exitCode = await (args.includes('--cluster') && !args.includes('--help') ? withServers() : demo({}));

async function demo(environment: Record<string, string>): Promise<number> {
  const program = join(import.meta.dirname, '../bin/proofline');
  const child = spawn(program, ['demo', ...args], { stdio: 'inherit', env: { ...process.env, ...environment } });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

async function withServers(): Promise<number> {
  const { lackingServers, startClusterServers } = await import('./demo/cluster-servers.ts');
  const lacking = lackingServers(process.env);
  if (lacking.length > 0) {
    process.stderr.write(`demo --cluster: not here: ${lacking.join('; ')}\n`);
    return 69;
  }
  await using servers = await startClusterServers(process.env, (line) => process.stdout.write(`${line}\n`));
  return await demo(servers.settings);
}
