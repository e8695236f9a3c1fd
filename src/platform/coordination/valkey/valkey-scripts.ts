import { createHash } from 'node:crypto';

/** Runs inside the server, at once and alone. Each touches a single key, so that a cluster may keep every key where it likes. */
export interface Script {
  readonly lua: string;
  readonly sha1: string;
}

function script(lua: string): Script {
  return { lua, sha1: createHash('sha1').update(lua).digest('hex') };
}

/**
 * Window milliseconds → [uses, milliseconds left]. The window begins with its first use, by the server's clock alone. A counter without
 * an end, whatever took it away, gets one at its next use.
 */
export const countScript = script(`
local uses = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  left = tonumber(ARGV[1])
  redis.call('PEXPIRE', KEYS[1], left)
end
return {uses, left}`);

/** → [uses, milliseconds left] of a window that countScript began; [0, 0] without one. */
export const peekScript = script(`
local uses = redis.call('GET', KEYS[1])
if not uses then return {0, 0} end
return {tonumber(uses), redis.call('PTTL', KEYS[1])}`);

/** Owner, TTL → the owner that holds it already, or nothing when it is taken now. */
export const takeScript = script(`
local holder = redis.call('GET', KEYS[1])
if holder then return holder end
redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
return false`);

/** Old owner, new owner, TTL → 1 when it went from the one to the other. */
export const takeOverScript = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`);

/** Owner → 1 when it was the owner's and is free now. */
export const releaseScript = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`);
