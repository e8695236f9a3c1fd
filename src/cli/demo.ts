import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { recordAndVerify } from './demo/record-and-verify.ts';
import { startDemoServer } from './demo/start-demo-server.ts';
import { untilSignal } from './until-signal.ts';

export function demoCommand(): Command {
  return new Command('demo')
    .description('Shows the whole way of a recording on this machine: encrypt, upload, watch, bundle, verify.')
    .option('--exit', 'end when the recording is verified, instead of staying up until Ctrl-C')
    .option('--fast', 'do not wait a second between chunks')
    .addHelpText('after', '\nExamples:\n  proofline demo\n  proofline demo --exit')
    .action(async (options: { exit?: boolean; fast?: boolean }) => {
      const stays = options.exit !== true;
      const folder = mkdtempSync(join(tmpdir(), 'proofline-demo-'));
      const server = await startDemoServer(folder);
      try {
        const verified = await recordAndVerify({
          server,
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
        await server.stop();
        rmSync(folder, { recursive: true, force: true });
      }
    });
}
