import { Command } from 'commander';
import { openMetadata } from '#compose/backends/open-metadata.ts';
import { previewRetention, type RetentionPreview } from '#features/incidents/index.ts';
import { createLog } from '#platform/process/log.ts';
import { configuration } from './configuration.ts';

export function retentionCommand(): Command {
  const retention = new Command('retention').description('What the retention settings mean for what is stored.');
  retention
    .command('preview')
    .description('Shows what a retention turn would delete now, why, and what is held by what. Changes nothing.')
    .option('--config <file>', 'as for serve')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExamples:\n  SAFE_CLOSED_INCIDENT_RETENTION=365d proofline retention preview\n' +
        '  SAFE_MODE_RETENTION=dry_run SAFE_MODE_RETENTION_INTERACTION_RECORD=30d proofline retention preview',
    )
    .action(async (options: { config?: string; json?: boolean }) => {
      const { config } = configuration(options);
      const metadata = await openMetadata(config, createLog('error'));
      try {
        const preview = await previewRetention(metadata.read, config.deletion, Date.now());
        const lines = options.json === true ? [JSON.stringify(preview, null, 2)] : linesOf(preview);
        process.stdout.write(`${lines.join('\n')}\n`);
      } finally {
        await metadata.close();
      }
    });
  return retention;
}

function linesOf(preview: RetentionPreview): string[] {
  const { incidents, held, tombstones, viewerLinks, sessions } = preview;
  const modeOf = (mode: string | null) => mode ?? 'no mode';
  return [
    ...preview.rules.map(
      ({ incident_mode, after, setting }) => `rule      ${modeOf(incident_mode)}: ${after} after closing (${setting})`,
    ),
    ...incidents.map(
      ({ id, incident_mode, closed_at, setting, chunks, bytes }) =>
        `incident  ${id}  ${modeOf(incident_mode)}  closed ${closed_at}  ${chunks} chunks, ${bytes} bytes  by ${setting}`,
    ),
    ...held.map(
      ({ id, incident_mode, closed_at, holds }) =>
        `held      ${id}  ${modeOf(incident_mode)}  closed ${closed_at}  by ${holds.map(holdWords).join(', ')}`,
    ),
    ...tombstones.map((id) => `tombstone of ${id}`),
    ...(held.length === 0 ? [] : [`${held.length} incidents have had their time and are held.`]),
    ...(preview.modeRetention === 'dry_run'
      ? ['SAFE_MODE_RETENTION is dry_run: a server leaves these incidents alone until it is apply.']
      : []),
    `${incidents.length} incidents, ${tombstones.length} tombstones, ${viewerLinks} viewer links, ${sessions} sessions would go. Nothing was changed.`,
  ];
}

function holdWords(hold: RetentionPreview['held'][number]['holds'][number]): string {
  if (hold.kind === 'safety_check') return `${hold.state} safety check ${hold.id}`;
  return hold.kind === 'open_stream' ? `open stream ${hold.id}` : `unfinished upload ${hold.id}`;
}
