#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';

// Read once by libuv, before the first use of its pool: fsync, DNS and password hashing share these threads.
process.env.UV_THREADPOOL_SIZE ??= '16';
// Bytes of bodies are outside the engine's heap but count in its growth, and by itself it looks for garbage at every tenth of growth: half of
// the CPU time of a chunk of 1 MiB (docs/decisions/0022-engine.md). Before the cache below, which is another for other flags.
setFlagsFromString('--heap-growing-percent=150');
// Compiled code is kept beside the installation, where only its owner may write; halves the time to ready. Threads read the variable.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('../node_modules/.cache/proofline', import.meta.url));
enableCompileCache(process.env.NODE_COMPILE_CACHE);

const { runCli } = await import('./cli/cli.ts');
await runCli(process.argv);
