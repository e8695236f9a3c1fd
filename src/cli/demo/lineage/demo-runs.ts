import { randomBytes } from 'node:crypto';

export const demoServices = ['accounts', 'catalogue', 'checkout', 'search', 'shipping'] as const;

export interface DemoRun {
  name: { organization: string; project: string; service: (typeof demoServices)[number] };
  runId: string;
  commit: string;
  /** As it stands in the envelope. */
  artifact: string;
  envelope: Uint8Array<ArrayBuffer>;
  changed: boolean;
  downstream: boolean;
}

/** Twenty of each service. Every third changes its interface, every second of these for others: drift. */
export function demoRuns(): DemoRun[] {
  const session = randomBytes(4).toString('hex');
  return Array.from({ length: 20 * demoServices.length }, (_, index) => {
    const service = demoServices[index % demoServices.length] ?? 'accounts';
    const number = Math.floor(index / demoServices.length);
    const changed = number % 3 === 2;
    const downstream = number % 6 === 5;
    const name = { organization: 'Demo', project: 'Shop', service };
    const runId = `${session}-${service}-${number}`;
    const commit = randomBytes(20).toString('hex');
    const fields = Array.from({ length: 3 + Math.floor(number / 3) }, (__, field) => `field${field}`);
    const artifact = JSON.stringify({
      service,
      owner: 'team-demo',
      models: [
        { name: 'order', fields },
        { name: 'customer', fields: ['id', 'name'] },
      ],
    });
    const diff = changed ? { added: [`order.${fields.at(-1)}`] } : {};
    const summary = { impact: downstream ? 'downstream' : 'self_only' };
    const head = JSON.stringify({ ...name, run_id: runId, commit_sha: commit, generated_at: new Date().toISOString() });
    const text = `${head.slice(0, -1)},"artifact":${artifact},"diff":${JSON.stringify(diff)},"summary":${JSON.stringify(summary)}}`;
    return { name, runId, commit, artifact, envelope: new TextEncoder().encode(text), changed, downstream };
  });
}
