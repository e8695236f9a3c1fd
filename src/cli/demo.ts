import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { demoCaptures } from './demo/captures/demo-captures.ts';
import { startDemoCluster } from './demo/cluster/start-demo-cluster.ts';
import { demoDocuments } from './demo/documents/demo-documents.ts';
import { demoLineage } from './demo/lineage/demo-lineage.ts';
import { type Demo, recordAndVerify } from './demo/record-and-verify.ts';
import { startDemoServer } from './demo/start-demo-server.ts';
import { untilSignal } from './until-signal.ts';

type Stage = Pick<Demo, 'server' | 'survives'>;

interface DemoFlags {
  exit?: boolean;
  fast?: boolean;
  cluster?: boolean;
  lineage?: boolean;
  documents?: boolean;
  relay?: boolean;
  variants?: boolean;
}

type Tour = (folder: string, say: (line: string) => void) => Promise<{ verified: boolean; stop(): Promise<void> }>;

export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'Shows the whole way of a recording on this machine: encrypt, upload, watch, bundle, verify. Or of records of CI runs, or of documents.',
    )
    .option('--exit', 'end when the recording is verified, instead of staying up until Ctrl-C')
    .option('--fast', 'do not wait a second between chunks')
    .option('--cluster', 'two nodes, one of which is killed while the recording goes on')
    .option('--lineage', 'records of CI runs instead of a recording, with the server killed in between')
    .option('--documents', 'three vaults of documents instead of a recording, with server and worker killed in between')
    .option('--relay', 'a regional relay between recorder and server, somebody who reads along, and both killed once')
    .option('--variants', 'several versions of the same moments, and the best evidence of each')
    .addHelpText(
      'after',
      `
Two nodes share the PostgreSQL, the bucket and the Valkey that the SAFE_* settings name; the demo leaves an account and an
incident there. In a checkout, npm run demo -- --cluster starts local ones for those that are not set.

Examples:
  proofline demo
  proofline demo --exit
  npm run demo -- --cluster
  proofline demo --lineage --exit
  proofline demo --documents --exit
  proofline demo --relay --variants --exit`,
    )
    .action(async (options: DemoFlags) => {
      const stays = options.exit !== true;
      const folder = mkdtempSync(join(tmpdir(), 'proofline-demo-'));
      if (options.lineage === true) return await showTour(folder, stays, demoLineage);
      if (options.relay === true || options.variants === true)
        return await showTour(folder, stays, (...stage) => demoCaptures({ ...options, stays }, ...stage));
      if (options.documents === true) return await showTour(folder, stays, demoDocuments);
      let stage: Stage | undefined;
      try {
        stage = options.cluster === true ? await twoNodes(folder) : { server: await startDemoServer(folder) };
        const verified = await recordAndVerify({
          ...stage,
          folder,
          stays,
          paceMs: options.fast === true || !stays ? 0 : 1_000,
          say: (line) => process.stdout.write(`${line}\n`),
        });
        process.exitCode = verified ? 0 : 1;
        if (stays) {
          process.stdout.write(
            '\nThe server stays up: look at the viewer link and at the admin pages. Ctrl-C ends it.\n',
          );
          await untilSignal();
        }
      } finally {
        await stage?.server.stop();
        rmSync(folder, { recursive: true, force: true });
      }
    });
}

async function showTour(folder: string, stays: boolean, tour: Tour): Promise<void> {
  let demo: Awaited<ReturnType<Tour>> | undefined;
  try {
    demo = await tour(folder, (line) => process.stdout.write(`${line}\n`));
    process.exitCode = demo.verified ? 0 : 1;
    if (stays) {
      process.stdout.write('\nThe server stays up: look at its pages. Ctrl-C ends it.\n');
      await untilSignal();
    }
  } finally {
    await demo?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function twoNodes(folder: string): Promise<Stage> {
  const { doomed, server, survivor } = await startDemoCluster(folder);
  const survives = { name: survivor.name, url: survivor.url, killOther: () => doomed.kill(), other: doomed.name };
  return { server, survives };
}
