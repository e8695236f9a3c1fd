#!/usr/bin/env node
// Read once by libuv, before the first use of its pool: fsync, DNS and password hashing share these threads.
process.env.UV_THREADPOOL_SIZE ??= '16';
const { runCli } = await import('./cli/cli.ts');
await runCli(process.argv);
