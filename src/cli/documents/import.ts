import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { showBytes } from '#recorder/measures.ts';
import { hasCode } from '#recorder/recorder-error.ts';
import { CommandFailure, exitCodesHelp, runCommand } from '../command-failure.ts';
import { type ImportEvent, type ImportOutcome, importTree } from './import-tree.ts';
import { type LocalTree, localTree } from './local-tree.ts';
import { openVault, type VaultFlags, withVaultOptions } from './open-vault.ts';
import { transferReporter } from './transfer-reporter.ts';

interface ImportFlags extends VaultFlags {
  into?: string;
  onChange: string;
  lanes: string;
  report?: string;
  json?: boolean;
}

const notes = `
Examples:
  PROOFLINE_PASSWORD=... proofline documents import ~/Scans --server https://evidence.example --username ada
  proofline documents import ~/Scans --username ada --password-file pw --report report.jsonl

Folders become folders, files documents. What is there already with the same content is left as it is, so the same command goes on
where it was killed, and given again later it brings what is new; another content becomes the next version. Files of 16 MiB and more
go up in parts. Links are not followed. Nothing of this machine is changed.
${exitCodesHelp}`;

export function importCommand(): Command {
  const command = new Command('import')
    .description('Copies a folder of this machine into the vault, with its folders and names.')
    .argument('<folder>', 'whose content is copied')
    .option('--into <id>', 'a folder of the vault, fld_…, instead of its root')
    .option('--on-change <what>', 'where another content has the name: version or skip', 'version')
    .option('--lanes <count>', 'files at the same time', '4');
  withVaultOptions(command)
    .optionsGroup('Output:')
    .option('--report <file>', 'write what became of each file, one JSON object a line')
    .option('--json', 'print the same on standard output, with progress')
    .addHelpText('after', notes);
  return command.action(async (path: string) => {
    // The names and kinds of ImportFlags are those of the options above.
    const flags = command.opts<ImportFlags>();
    await runCommand('documents import', flags.json === true, () => importFrom(resolve(path), flags, process.env));
  });
}

async function importFrom(path: string, flags: ImportFlags, env: NodeJS.ProcessEnv): Promise<number> {
  const { into, onChange } = flags;
  const lanes = Number(flags.lanes);
  if (onChange !== 'version' && onChange !== 'skip')
    throw new CommandFailure('usage', '--on-change is neither version nor skip.', 'Choose one of them.');
  if (!Number.isInteger(lanes) || lanes < 1 || lanes > 16)
    throw new CommandFailure('usage', '--lanes is not a number from 1 to 16.', 'Leave it out for 4.');
  const tree = await treeOf(path);
  const report = flags.report === undefined ? undefined : await reportAt(flags.report);
  const vault = await openVault(flags, env).catch(async (error: unknown) => {
    await report?.close();
    throw error;
  });
  const reporter = transferReporter(flags.json === true);
  const counts: Record<ImportOutcome | 'passed_over', number> = {
    added: 0,
    new_version: 0,
    present: 0,
    differs: 0,
    failed: 0,
    passed_over: 0,
  };
  const lines: string[] = [];
  const tell = (event: ImportEvent) => {
    if (event.event === 'listed') reporter.total(event.files, event.bytes);
    else if (event.event === 'bytes') reporter.bytes(event.bytes);
    else {
      counts[event.outcome] += 1;
      lines.push(`${JSON.stringify(event)}\n`);
      reporter.file(event, event.outcome === 'failed' ? `${event.path}: ${event.reason}` : undefined);
    }
  };
  try {
    await importTree(vault.api, tree, { into, onChange, lanes, tell });
    for (const { names, reason } of tree.passedOver) {
      const event = { event: 'file', path: names.join('/'), outcome: 'passed_over', reason };
      counts.passed_over += 1;
      lines.push(`${JSON.stringify(event)}\n`);
      reporter.file(event, `${event.path}: ${reason}`);
    }
    reporter.done(counts, summaryOf(tree, counts));
    return counts.failed + counts.passed_over === 0 ? 0 : 1;
  } finally {
    reporter.stop();
    await report?.writeFile(lines.join(''));
    await report?.close();
    await vault.leave();
  }
}

/** Before anything is sent: a report that cannot be written is missed only at the end. */
async function reportAt(path: string): Promise<FileHandle> {
  return await open(path, 'w', 0o600).catch((cause: unknown) => {
    throw new CommandFailure('in_the_way', 'The report cannot be written there.', 'Give another place with --report.', {
      cause,
    });
  });
}

async function treeOf(path: string): Promise<LocalTree> {
  return await localTree(path).catch((cause: unknown) => {
    if (!hasCode(cause, 'ENOENT', 'ENOTDIR', 'EACCES')) throw cause;
    throw new CommandFailure('no_input', 'The folder cannot be read.', 'Give a folder that is there.', { cause });
  });
}

function summaryOf(tree: LocalTree, counts: Record<ImportOutcome | 'passed_over', number>): string {
  const bytes = tree.files.reduce((sum, { byteSize }) => sum + byteSize, 0);
  const parts = [
    [counts.added, 'added'],
    [counts.new_version, 'became new versions'],
    [counts.present, 'were there'],
    [counts.differs, 'differ and were left'],
    [counts.failed, 'failed'],
    [counts.passed_over, 'passed over'],
  ] as const;
  const words = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return `${tree.files.length} files, ${showBytes(bytes)}: ${words.join(', ') || 'nothing to do'}.`;
}
