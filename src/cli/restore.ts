import { resolve } from 'node:path';
import { Command } from 'commander';
import { BackupFolder } from '#compose/transfer/backup/backup-folder.ts';
import { placesOf } from '#compose/transfer/places.ts';
import { previewRestore, restore } from '#compose/transfer/restore.ts';
import { readMigrations } from '#platform/metadata/migration-files.ts';
import { createLog } from '#platform/process/log.ts';
import { showBytes } from '#recorder/measures.ts';
import { configuration } from './configuration.ts';
import { filledText, totalsText } from './transfer/filled-text.ts';
import { exitCodesHelp, runTransfer } from './transfer/run-transfer.ts';

interface Flags {
  config?: string;
  snapshot?: string;
  list?: boolean;
  dryRun?: boolean;
  acceptDamage?: boolean;
  json?: boolean;
}

const notes = `
Examples:
  proofline restore /mnt/backup/proofline --list
  SAFE_DATA_DIR=/tmp/drill proofline restore /mnt/backup/proofline --dry-run
  SAFE_DATA_DIR=/tmp/drill proofline restore /mnt/backup/proofline

The place that the configuration names must be empty: nothing is ever written over. Everything that was written is read again and
compared: rows by hash and count, each blob by hash, each complete stream as its bundle. Until that has ended no server starts on it.
A snapshot of an earlier version is brought up to this one.

${exitCodesHelp}`;

export function restoreCommand(): Command {
  return new Command('restore')
    .description('Puts a snapshot of a backup into an empty place, and verifies it.')
    .argument('<folder>', 'that `proofline backup` wrote')
    .option('--snapshot <name>', 'which one (default: the newest)')
    .option('--list', 'list the snapshots of the folder')
    .option('--dry-run', 'read and check everything, write nothing')
    .option('--accept-damage', 'go on where chunks are damaged in the backup, without their bytes')
    .option('--config <file>', 'as for serve')
    .option('--json', 'print one JSON object for each event')
    .addHelpText('after', notes)
    .action(async (path: string, flags: Flags) => {
      const json = flags.json === true;
      const print = (value: object, text: string) =>
        process.stdout.write(json ? `${JSON.stringify({ event: 'done', ...value })}\n` : `${text}\n`);
      await runTransfer('restore', json, async (tell) => {
        const folder = BackupFolder.open(resolve(path));
        if (flags.list === true) return list(folder, json);
        const { config } = configuration(flags);
        const deps = {
          folder,
          places: placesOf(config, createLog('error')),
          knownMigrations: readMigrations('sqlite').map(({ id }) => id),
          tell,
        };
        const options = { snapshot: flags.snapshot, acceptDamage: flags.acceptDamage === true };
        if (flags.dryRun === true) {
          const { snapshot, manifest, damaged } = await previewRestore(deps, options);
          print(
            { dry_run: true, snapshot, damaged, ...totals(manifest) },
            `Snapshot ${snapshot} is whole: ${totalsText(manifest)}. Nothing was written.`,
          );
          return damaged.length === 0 ? 0 : 1;
        }
        const { manifest, snapshot, ...report } = await restore(deps, options);
        print(
          { snapshot, ...totals(manifest), ...report },
          `Restored ${snapshot}: ${totalsText(manifest)}.\n${filledText(report)}`,
        );
        return report.damaged.length === 0 ? 0 : 1;
      });
    });
}

type Manifest = Awaited<ReturnType<typeof restore>>['manifest'];

function totals({ tables, blobs }: Manifest) {
  return { rows: Object.fromEntries(tables.map(({ name, rows }) => [name, rows])), blobs };
}

function list(folder: BackupFolder, json: boolean): number {
  for (const name of folder.names()) {
    const { manifest } = folder.snapshot(name);
    const { taken_at, proofline, blobs, damaged } = manifest;
    process.stdout.write(
      json
        ? `${JSON.stringify({ snapshot: name, taken_at, proofline, ...totals(manifest), damaged: damaged.length })}\n`
        : `${name}  ${blobs.count} blobs, ${showBytes(blobs.bytes)}, version ${proofline}${damaged.length === 0 ? '' : `, ${damaged.length} chunks damaged`}\n`,
    );
  }
  return 0;
}
