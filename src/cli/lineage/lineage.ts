import { Command } from 'commander';

/** Loaded when they are called, like the commands above them. */
const subcommands = {
  serve: {
    summary: 'run the server of lineage alone',
    load: async () => (await import('./serve.ts')).serveCommand(),
  },
  push: {
    summary: 'send the record of a run',
    load: async () => (await import('./push.ts')).pushCommand(),
  },
  latest: {
    summary: 'print the record of the latest run',
    load: async () => (await import('./latest.ts')).latestCommand(),
  },
  runs: {
    summary: 'list runs, newest first',
    load: async () => (await import('./runs.ts')).runsCommand(),
  },
  diff: {
    summary: 'what changed from one run to another',
    load: async () => (await import('./diff.ts')).diffCommand(),
  },
  export: {
    summary: 'copy records into a folder that can be verified offline',
    load: async () => (await import('./export.ts')).exportCommand(),
  },
  reindex: {
    summary: 'make manifests and index say what the records say',
    load: async () => (await import('./reindex.ts')).reindexCommand(),
  },
} as const satisfies Record<string, { summary: string; load: () => Promise<Command> }>;

/** `rest`: the words behind `lineage`. */
export async function lineageCommand(rest: readonly string[]): Promise<Command> {
  const lineage = new Command('lineage').description(
    'Records of CI runs: what was built, from what, and what changed.',
  );
  const name = rest.find((argument) => !argument.startsWith('-'));
  for (const [commandName, command] of Object.entries(subcommands)) {
    const loaded = commandName === name ? await command.load() : new Command(commandName);
    lineage.addCommand(
      loaded.summary(command.summary).exitOverride().showHelpAfterError('Add --help for what is possible.'),
    );
  }
  return lineage;
}
