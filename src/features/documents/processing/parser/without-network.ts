import { registerHooks } from 'node:module';

/**
 * Loaded before anything that parses. Node's permission model takes files, programs and threads away but not the network, and where the
 * kernel cannot either, this leaves nothing in JavaScript that could reach it. It does not hold against native code.
 */
const refused = new Set([
  'cluster',
  'dgram',
  'dns',
  'dns/promises',
  'http',
  'http2',
  'https',
  'inspector',
  'net',
  'tls',
]);
const isRefused = (name: string) => refused.has(name.replace(/^node:/, ''));

class Refused extends Error {
  readonly code = 'ERR_ACCESS_DENIED';
}

const builtin = process.getBuiltinModule.bind(process);
// What runs later finds no other way to a module of Node: import, require and this function. Typed by overloads that no assignment can meet.
process.getBuiltinModule = ((name: string) => (isRefused(name) ? undefined : builtin(name))) as typeof builtin;
registerHooks({
  resolve(specifier, context, next) {
    if (isRefused(specifier)) throw new Refused(`a parser has no ${specifier}`);
    return next(specifier, context);
  },
});
for (const name of ['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest']) Reflect.deleteProperty(globalThis, name);
for (const name of ['binding', '_linkedBinding', 'kill']) Reflect.deleteProperty(process, name);
