import { Command } from 'commander';
import { type Config, type MovedTo, withBackends } from '#compose/config.ts';
import { type MoveDeps, move, previewMove } from '#compose/transfer/move.ts';
import { placesOf } from '#compose/transfer/places.ts';
import { createLog } from '#platform/process/log.ts';
import { configuration } from './configuration.ts';
import { filledText, totalsText } from './transfer/filled-text.ts';
import { exitCodesHelp, runTransfer } from './transfer/run-transfer.ts';

interface Flags {
  config?: string;
  toPostgresql?: boolean;
  toSqlite?: boolean;
  toS3?: boolean;
  toDisk?: boolean;
  dryRun?: boolean;
  withSessions?: boolean;
  acceptDamage?: boolean;
  json?: boolean;
}

const notes = `
Examples:
  SAFE_POSTGRES_DSN=postgresql://... proofline move --to-postgresql --dry-run
  SAFE_POSTGRES_DSN=postgresql://... proofline move --to-postgresql
  proofline move --to-postgresql --to-s3 --config /etc/proofline/env

The settings still name where everything is; those of the new place are set beside them (SAFE_POSTGRES_…, SAFE_S3_…). The server
must be stopped, the new place empty. Rows are copied in the order in which they refer to one another, exactly as they are; then all
is read again and compared. The old place is untouched: until the new one has accepted something, going back is not switching.

${exitCodesHelp}`;

export function moveCommand(): Command {
  const command = new Command('move')
    .description('Copies the rows, the blobs or both of a stopped server to another place, and verifies them there.')
    .option('--to-postgresql', 'rows from SQLite to PostgreSQL')
    .option('--to-sqlite', 'rows from PostgreSQL to SQLite')
    .option('--to-s3', 'blobs from the disk to a bucket')
    .option('--to-disk', 'blobs from a bucket to the disk')
    .option('--dry-run', 'read and check everything, write nothing')
    .option('--with-sessions', 'take along who is signed in; without, everybody signs in again')
    .option('--accept-damage', 'go on where chunks are damaged, without their bytes')
    .option('--config <file>', 'as for serve')
    .option('--json', 'print one JSON object for each event')
    .addHelpText('after', notes);
  return command.action(async (flags: Flags) => {
    const json = flags.json === true;
    await runTransfer('move', json, async (tell) => {
      const { config } = configuration(flags);
      const moved = movedTo(command, flags, config);
      const log = createLog('error');
      const deps: MoveDeps = {
        from: placesOf(config, log),
        to: placesOf(withBackends(config, moved), log),
        moves: { rows: moved.rows !== undefined, blobs: moved.blobs !== undefined },
        tell,
      };
      const options = {
        withSessions: flags.withSessions === true,
        acceptDamage: flags.acceptDamage === true,
        detail: [moved.rows, moved.blobs].filter(Boolean).join(' '),
      };
      if (flags.dryRun === true) {
        const found = await previewMove(deps, options);
        print(json, { dry_run: true, ...found }, `Ready to move: ${totalsText(found)}. Nothing was written.`);
        return found.damaged.length === 0 ? 0 : 1;
      }
      const report = await move(deps, options);
      const settings = settingsFor(moved);
      print(
        json,
        { ...report, switch_to: settings },
        [
          `Moved: ${totalsText(report)}.`,
          filledText(report),
          '',
          'To switch, set and start:',
          ...Object.entries(settings).map(([name, value]) => `  ${name}=${value}`),
          'The old place is as it was. Keep it until you have looked at the new one; to go back before that, set nothing.',
        ].join('\n'),
      );
      return report.damaged.length === 0 ? 0 : 1;
    });
  });
}

function print(json: boolean, value: object, text: string): void {
  process.stdout.write(json ? `${JSON.stringify({ event: 'done', ...value })}\n` : `${text}\n`);
}

function movedTo(command: Command, flags: Flags, { metadata, blobs }: Config): MovedTo {
  if (flags.toPostgresql === true && flags.toSqlite === true) command.error('Rows go to one place only.');
  if (flags.toS3 === true && flags.toDisk === true) command.error('Blobs go to one place only.');
  const rows = flags.toPostgresql === true ? 'postgresql' : flags.toSqlite === true ? 'sqlite' : undefined;
  const bytes = flags.toS3 === true ? 's3' : flags.toDisk === true ? 'local' : undefined;
  if (rows === undefined && bytes === undefined)
    command.error('Say what goes where: --to-postgresql, --to-sqlite, --to-s3, --to-disk.');
  if (rows === metadata.backend)
    command.error(`The rows are there already: SAFE_METADATA_BACKEND is ${rows}. It names the place that they leave.`);
  if (bytes === blobs.backend)
    command.error(`The blobs are there already: SAFE_BLOB_BACKEND is ${bytes}. It names the place that they leave.`);
  return { ...(rows === undefined ? {} : { rows }), ...(bytes === undefined ? {} : { blobs: bytes }) };
}

function settingsFor({ rows, blobs }: MovedTo): Record<string, string> {
  return {
    ...(rows === undefined ? {} : { SAFE_METADATA_BACKEND: rows }),
    ...(blobs === undefined ? {} : { SAFE_BLOB_BACKEND: blobs }),
  };
}
