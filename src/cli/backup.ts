import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { backUp } from '#compose/transfer/back-up.ts';
import { BackupFolder } from '#compose/transfer/backup/backup-folder.ts';
import { placesOf, requireStore } from '#compose/transfer/places.ts';
import { createLog } from '#platform/process/log.ts';
import { showBytes } from '#recorder/measures.ts';
import { configuration } from './configuration.ts';
import { exitCodesHelp, runTransfer } from './transfer/run-transfer.ts';

interface Flags {
  config?: string;
  withSessions?: boolean;
  verify?: boolean;
  keep?: number;
  json?: boolean;
}

const notes = `
Examples:
  proofline backup /mnt/backup/proofline
  proofline backup /mnt/backup/proofline --keep 30
  proofline backup /mnt/backup/proofline --verify

Works while the server serves, and at any interval: each backup is a snapshot of its own, and copies only the blobs that the
folder has not got yet. The folder holds password hashes and encrypted evidence, never keys: guard it as you guard the server.

${exitCodesHelp}`;

export function backupCommand(): Command {
  return new Command('backup')
    .description('Copies the whole store, rows and blobs, into a folder. Everything is hashed on the way.')
    .argument('<folder>', 'of the backups of this store; made when it is not there')
    .option(
      '--keep <count>',
      'keep this many snapshots, and remove the older ones with the blobs that only they need',
      wholeNumber,
    )
    .option('--verify', 'also read the blobs that the folder has already, and copy those anew that are damaged there')
    .option('--with-sessions', 'take along who is signed in; without, everybody signs in again after a restore')
    .option('--config <file>', 'as for serve')
    .option('--json', 'print one JSON object for each event')
    .addHelpText('after', notes)
    .action(async (path: string, flags: Flags) => {
      await runTransfer('backup', flags.json === true, async (tell) => {
        const { config } = configuration(flags);
        const places = placesOf(config, createLog('error'));
        await requireStore(places);
        const folder = await BackupFolder.openToWrite(resolve(path));
        try {
          const metadata = await places.rows.open();
          try {
            const blobs = await places.blobs.open();
            try {
              const report = await backUp(
                { metadata, blobs, folder, tell },
                { withSessions: flags.withSessions === true, verify: flags.verify === true, keep: flags.keep },
              );
              if (flags.json === true)
                process.stdout.write(`${JSON.stringify({ event: 'done', ...jsonOf(report) })}\n`);
              else process.stdout.write(textOf(report));
              return report.manifest.damaged.length === 0 ? 0 : 1;
            } finally {
              await blobs.close();
            }
          } finally {
            await metadata.close();
          }
        } finally {
          folder.close();
        }
      });
    });
}

type Report = Awaited<ReturnType<typeof backUp>>;

function jsonOf({ snapshot, manifest, copied, copiedBytes, present, removed }: Report) {
  return {
    snapshot,
    rows: manifest.tables.reduce((sum, { rows }) => sum + rows, 0),
    blobs: manifest.blobs,
    copied: { count: copied, bytes: copiedBytes },
    present,
    damaged: manifest.damaged,
    ...(removed === undefined ? {} : { removed }),
  };
}

function textOf({ snapshot, manifest, copied, copiedBytes, present, removed }: Report): string {
  const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
  const lines = [
    `Snapshot ${snapshot}: ${rows} rows, ${manifest.blobs.count} blobs, ${showBytes(manifest.blobs.bytes)}.`,
    `${copied} blobs copied (${showBytes(copiedBytes)}), ${present} were there.`,
  ];
  if (removed !== undefined)
    lines.push(
      `${removed.snapshots} old snapshots removed, with ${removed.blobs} blobs (${showBytes(removed.bytes)}).`,
    );
  if (manifest.damaged.length > 0)
    lines.push(
      `${manifest.damaged.length} chunks could not be read as they should be; everything else is in the snapshot.`,
      'Run `proofline doctor --blobs --hash`, and look into older snapshots for these chunks.',
    );
  return `${lines.join('\n')}\n`;
}

export function wholeNumber(text: string): number {
  const value = /^[1-9]\d{0,5}$/.test(text) ? Number(text) : undefined;
  if (value === undefined) throw new InvalidArgumentError('It must be a whole number from 1.');
  return value;
}
