import { readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { exportFiles } from '#client/documents/vault-export.ts';
import { showBytes } from '#recorder/measures.ts';
import { hasCode } from '#recorder/recorder-error.ts';
import { CommandFailure, exitCodesHelp, runCommand } from '../command-failure.ts';
import { exportVault } from './export-vault.ts';
import { openVault, type VaultFlags, withVaultOptions } from './open-vault.ts';
import { transferReporter } from './transfer-reporter.ts';

interface ExportFlags extends VaultFlags {
  json?: boolean;
}

const notes = `
Examples:
  PROOFLINE_PASSWORD=... proofline documents export vault --server https://evidence.example --username ada
  proofline verify vault                                   offline, at any time
  sha256sum -c --quiet SHA256SUMS                          the same without Proofline, in the folder

Every version of every document becomes a file: the current ones below documents/ with their names, those in the trash below trash/,
earlier versions below versions/. What is known of each stands in documents.jsonl, what was done in audit.jsonl. Killed, the same
command goes on; given again later, it fetches what is new.
${exitCodesHelp}`;

export function exportCommand(): Command {
  const command = new Command('export')
    .description('Copies everything that an account owns into a folder, and compares each byte with its record.')
    .argument('<folder>', 'empty, or an earlier export of the same account');
  withVaultOptions(command)
    .optionsGroup('Output:')
    .option('--json', 'print one JSON object for each event')
    .addHelpText('after', notes);
  return command.action(async (path: string) => {
    // The names and kinds of ExportFlags are those of the options above.
    const flags = command.opts<ExportFlags>();
    await runCommand('documents export', flags.json === true, () => exportTo(resolve(path), flags, process.env));
  });
}

async function exportTo(path: string, flags: ExportFlags, env: NodeJS.ProcessEnv): Promise<number> {
  await refuseForeign(path);
  const vault = await openVault(flags, env);
  const reporter = transferReporter(flags.json === true);
  let present = 0;
  try {
    const manifest = await exportVault(vault.api, path, {
      listed: (files, bytes) => reporter.total(files, bytes),
      bytes: (bytes) => reporter.bytes(bytes),
      file: (file, how) => {
        if (how === 'present') present += 1;
        reporter.file({ event: 'file', path: file, outcome: how });
      },
    });
    const { documents, files, bytes } = manifest;
    reporter.done(
      { documents, files, bytes, present },
      `${documents} documents in ${files} versions, ${showBytes(bytes)}; ${present} from before. Verify with: proofline verify ${path}`,
    );
    return 0;
  } finally {
    reporter.stop();
    await vault.leave();
  }
}

/** A folder that holds other things is not written into. */
async function refuseForeign(path: string): Promise<void> {
  const known = new Set<string>([...Object.values(exportFiles), 'SHA256SUMS', 'documents', 'versions', 'trash']);
  const found = await readdir(path).catch((cause: unknown) => {
    if (hasCode(cause, 'ENOENT')) return [];
    throw new CommandFailure('in_the_way', 'There is no folder of this name to write into.', 'Choose a folder.', {
      cause,
    });
  });
  if (found.some((name) => !known.has(name.replace(/\.tmp$/, ''))))
    throw new CommandFailure(
      'in_the_way',
      'The folder holds something else than an export of documents.',
      'Choose an empty one, or one of an earlier export.',
    );
}
