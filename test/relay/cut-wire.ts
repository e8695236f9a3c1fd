import { readdirSync } from 'node:fs';
import { sha256Hex } from '../http/support/client.ts';
import type { Finding, Progress } from '../support/finding.ts';
import { bytesNamed, type Random, seeded } from '../support/random.ts';
import { type Edge, openEdge, type Place } from './support/edge.ts';
import { send, upload } from './support/relay-process.ts';
import { harmfulWire, pulledCable, type Wire } from './support/wire.ts';

export interface CutRun {
  /** A proxy that misbehaves, or a network cable that is pulled. */
  over: 'proxy' | 'cable';
  cuts: number;
  seed: number;
  progress: Progress;
}

const clients = 4;
const sizes = [100, 4096, 65_536, 300_000, 1_500_000] as const;
const quotaBytes = 16 * 1024 * 1024;
/** Sockets, files and threads of a relay at rest are some thirty; each client and each way to the core adds a few. */
const mostDescriptors = 120;

interface Sent {
  place: Place;
  /** Hash by index. */
  accepted: Map<number, string>;
}

/** Clients upload through a relay while its way to the core is cut again and again. What they were told is looked at afterwards. */
export async function cutWire({ over, cuts, seed, progress }: CutRun): Promise<Finding> {
  const random = seeded(seed);
  const wire = over === 'proxy' ? harmfulWire() : await pulledCable('cut');
  const violations: string[] = [];
  let acknowledged = 0;
  try {
    const edge = await openOn(wire);
    try {
      const ending = { now: false };
      const load = Array.from({ length: clients }, (_, n) =>
        uploadUntil(ending, edge, `${seed}-${n}`, random, violations),
      );
      const watch = watchRelay(ending, edge, violations);
      for (let n = 1; n <= cuts; n++) {
        await new Promise((resolve) => setTimeout(resolve, random.between(20, 400)));
        await wire.cut(random.between(50, 700), random);
        if (n % 50 === 0) progress(`${n} cuts`);
      }
      ending.now = true;
      const sent = await Promise.all(load);
      await watch;
      for (const one of sent) {
        acknowledged += one.accepted.size;
        violations.push(...(await differences(edge, one)));
      }
      const left =
        (await edge.metric('proofline_relay_staged_bytes')) - (await edge.metric('proofline_relay_window_bytes'));
      if (left !== 0) violations.push(`staging keeps ${left} bytes of nobody`);
      const retried = edge.relay.log().split('relay_core_unavailable').length - 1;
      if (retried === 0) violations.push('nothing was ever cut: the test is blind');
      const denied = [await deny(edge), await deny(edge)];
      if (denied.join() !== '401,429') violations.push(`denials are not counted (${denied}): the test is blind`);
    } finally {
      await edge.close();
    }
  } finally {
    await wire.close();
  }
  return {
    section: 'relay',
    fault:
      over === 'proxy'
        ? 'the way from relay to core reset, half-open, held back or unanswered'
        : 'the cable from relay to core pulled',
    held: 'each chunk is there once and as it was sent, staging is bounded and empty afterwards, nothing counts against a client',
    filesystem: over === 'proxy' ? 'loopback' : 'network namespace',
    rounds: cuts,
    acknowledged,
    violations,
    seed,
  };
}

const stranger = 'a-capability-that-never-was';
const deny = async ({ openStream, relay }: Edge) =>
  (await send(relay.url, upload({ ...(await openStream()), capability: stranger }))).status;

async function openOn({ between, coreEnv, relayEnv, wrapper }: Wire): Promise<Edge> {
  return await openEdge('cuts', {
    between,
    wrapper,
    coreEnv,
    relayEnv: {
      SAFE_RELAY_STAGING_QUOTA_BYTES: String(quotaBytes),
      SAFE_RELAY_STAGING_MEMORY_BYTES: '1MiB',
      SAFE_RELAY_CORE_TIMEOUT: '300ms',
      SAFE_RELAY_FORWARD_TIMEOUT: '3s',
      // One that is counted for the network's fault would be heard.
      SAFE_RELAY_DENIALS: '1',
      SAFE_RELAY_PRESSURES: '1',
      ...relayEnv,
    },
  });
}

async function uploadUntil(
  ending: { now: boolean },
  edge: Edge,
  name: string,
  random: Random,
  violations: string[],
): Promise<Sent> {
  const place = await edge.openStream();
  const capability = await edge.capability(place);
  const accepted = new Map<number, string>();
  for (let index = 1; !ending.now; index++) {
    const body = bytesNamed(`${name}-${index}`, random.pick(sizes));
    const chunk = upload({ ...place, index, capability, body, headers: { 'idempotency-key': `${name}-${index}` } });
    for (let told = 0; told !== 200 && told !== 201; ) {
      const answer = await send(edge.relay.url, chunk);
      told = answer.status;
      if (told === 200 || told === 201) accepted.set(index, sha256Hex(body));
      else if (![503, 507].includes(told) && answer.code !== 'upload_in_progress') {
        violations.push(`a client that did nothing wrong heard ${told} ${answer.code}`);
        return { place, accepted };
      } else await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return { place, accepted };
}

async function watchRelay(ending: { now: boolean }, edge: Edge, violations: string[]): Promise<void> {
  while (!ending.now) {
    const staged = await edge.metric('proofline_relay_staged_bytes');
    if (staged > quotaBytes) violations.push(`${staged} bytes staged`);
    const descriptors = readdirSync(`/proc/${edge.relay.pid}/fd`).length;
    if (descriptors > mostDescriptors) violations.push(`${descriptors} descriptors open`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

async function differences(edge: Edge, { place, accepted }: Sent): Promise<string[]> {
  const stored = await edge.accepted(place);
  const wrong: string[] = [];
  for (const [index, hash] of accepted)
    if (stored.get(index) !== hash)
      wrong.push(`chunk ${index}: accepted, and ${stored.has(index) ? 'other bytes' : 'not there'}`);
  for (const index of stored.keys())
    if (!accepted.has(index)) wrong.push(`chunk ${index}: there, and nobody sent it to the end`);
  return wrong;
}
