import { Command, CommanderError } from 'commander';
import { isProblem } from '#kit/errors.ts';
import { StartupError } from '#platform/process/startup-error.ts';
import { exitCodes } from './exit-codes.ts';

/** Commands are loaded when they are called: `verify` need not load the server. */
const commands = {
  demo: {
    summary: 'show the whole way of a recording on this machine',
    load: async () => (await import('./demo.ts')).demoCommand(),
  },
  serve: { summary: 'run the server', load: async () => (await import('./serve.ts')).serveCommand() },
  worker: {
    summary: 'run background jobs alone, beside servers',
    load: async () => (await import('./worker.ts')).workerCommand(),
  },
  relay: {
    summary: 'take chunks near the people who record, and pass them on to a server',
    load: async () => (await import('./relay.ts')).relayCommand(),
  },
  accounts: {
    summary: 'create and list accounts, reset passwords',
    load: async () => (await import('./accounts.ts')).accountsCommand(),
  },
  config: {
    summary: 'show the effective configuration',
    load: async () => (await import('./config.ts')).configCommand(),
  },
  doctor: {
    summary: 'look for what is wrong with this installation',
    load: async () => (await import('./doctor.ts')).doctorCommand(),
  },
  backup: {
    summary: 'copy the whole store into a folder, while the server runs',
    load: async () => (await import('./backup.ts')).backupCommand(),
  },
  restore: {
    summary: 'put a backup into an empty place, and verify it',
    load: async () => (await import('./restore.ts')).restoreCommand(),
  },
  move: {
    summary: 'copy the rows to PostgreSQL, the blobs to S3, or back',
    load: async () => (await import('./move.ts')).moveCommand(),
  },
  migrate: {
    summary: 'bring the database up to this version',
    load: async () => (await import('./migrate.ts')).migrateCommand(),
  },
  keys: {
    summary: 'seal stored credentials with another SECRET_KEY, make keys of relays',
    load: async () => (await import('./keys.ts')).keysCommand(),
  },
  retention: {
    summary: 'preview what retention would delete',
    load: async () => (await import('./retention.ts')).retentionCommand(),
  },
  record: {
    summary: 'record, encrypt and deliver to a server',
    load: async () => (await import('./record.ts')).recordCommand(),
  },
  lineage: {
    summary: 'keep, send and read the records of CI runs',
    load: async (rest) => (await import('./lineage/lineage.ts')).lineageCommand(rest),
  },
  documents: {
    summary: 'copy folders into the vault of documents, and everything out of it',
    load: async (rest) => (await import('./documents/documents.ts')).documentsCommand(rest),
  },
  verify: {
    summary: 'verify a bundle or an export of runs, and decrypt a bundle with its key',
    load: async () => (await import('./verify.ts')).verifyCommand(),
  },
} as const satisfies Record<string, { summary: string; load: (rest: readonly string[]) => Promise<Command> }>;

/** `proofline … | head`: nobody reads any more. What is under way goes on, and ends as it would have. */
function goOnUnread(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

export async function runCli(argv: readonly string[]): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) goOnUnread(stream);
  const program = new Command('proofline').description('An evidence server: kept whole, in order and unaltered.');
  const at = argv.findIndex((argument, i) => i >= 2 && !argument.startsWith('-'));
  const name = argv[at];
  for (const [commandName, command] of Object.entries(commands)) {
    // Only the one that was asked for is loaded; the others appear in the help by name and summary.
    const loaded = commandName === name ? await command.load(argv.slice(at + 1)) : new Command(commandName);
    program.addCommand(loaded.summary(command.summary).exitOverride());
  }
  program.exitOverride().showHelpAfterError('Add --help for what is possible.');
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    process.exitCode = report(error);
  }
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof StartupError) {
    process.stderr.write(`proofline: ${error.message}\n  ${error.remedy}\n`);
    return exitCodes.config;
  }
  if (isProblem(error)) {
    process.stderr.write(`proofline: ${error.message} (${error.code})\n`);
    return exitCodes.failed;
  }
  process.stderr.write(`proofline: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return exitCodes.internal;
}
