import { createHash } from 'node:crypto';

/** Names go in as hashes: who reads Valkey learns no id, no path and no address. */
export function keyOf(kind: 'count' | 'lease', name: string): string {
  return `proofline:${kind}:${createHash('sha256').update(name).digest('base64url')}`;
}

export function presenceKey(node: string): string {
  return `proofline:node:${node}`;
}
