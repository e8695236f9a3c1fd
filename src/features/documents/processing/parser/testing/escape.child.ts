import '../without-network.ts';
import { createRequire } from 'node:module';

/** Tries whatever JavaScript in a parser could do beyond parsing, and says what came of each. */
const [, , secretFile = '', folder = ''] = process.argv;
const require = createRequire(import.meta.url);

const attempts: Record<string, () => unknown> = {
  'import net': () => import('node:net'),
  // Under its old name, which is another one to those that look at names.
  'require net': () => require('node:net'.slice(5)),
  'require node:dgram': () => require('node:dgram'),
  'getBuiltinModule https': () => process.getBuiltinModule('node:https') ?? refused(),
  fetch: () => Reflect.get(globalThis, 'fetch') ?? refused(),
  WebSocket: () => Reflect.get(globalThis, 'WebSocket') ?? refused(),
  'process.binding': () => Reflect.get(process, 'binding') ?? refused(),
  'process.kill': () => Reflect.get(process, 'kill') ?? refused(),
  'read a file': async () => (await import('node:fs')).readFileSync(secretFile),
  'list a folder': async () => (await import('node:fs')).readdirSync(folder),
  'read /proc': async () => (await import('node:fs')).readFileSync('/proc/1/environ'),
  'write a file': async () => (await import('node:fs')).writeFileSync(`${folder}/new`, 'x'),
  'start a program': async () => (await import('node:child_process')).execFileSync('id'),
  'start a thread': async () => new (await import('node:worker_threads')).Worker('1', { eval: true }),
  'make code': () => new Function('return 1')(),
  'load native code': loadNativeCode,
};

/** The file is none; that the loader gets to see that is what counts. */
function loadNativeCode(): void {
  try {
    process.dlopen({ exports: {} }, secretFile);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_DLOPEN_DISABLED') throw error;
  }
}

function refused(): never {
  throw new Error('it is not there');
}

const outcomes: Record<string, string> = {};
for (const [name, attempt] of Object.entries(attempts)) {
  try {
    await attempt();
    outcomes[name] = 'done';
  } catch {
    outcomes[name] = 'refused';
  }
}
process.stdout.write(JSON.stringify(outcomes));
