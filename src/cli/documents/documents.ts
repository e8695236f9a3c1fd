import { Command } from 'commander';

const commands = {
  import: {
    summary: 'copy a folder of this machine into the vault',
    load: async () => (await import('./import.ts')).importCommand(),
  },
  export: {
    summary: 'copy everything of an account into a folder that can be verified',
    load: async () => (await import('./export.ts')).exportCommand(),
  },
} as const satisfies Record<string, { summary: string; load: () => Promise<Command> }>;

/** `rest` are the words behind `documents`: only the command that they name is loaded. */
export async function documentsCommand(rest: readonly string[]): Promise<Command> {
  const group = new Command('documents').description('The vault of documents, seen from outside through its API.');
  const wanted = rest.find((word) => !word.startsWith('-'));
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = name === wanted ? await load() : new Command(name);
    group.addCommand(command.summary(summary).exitOverride().showHelpAfterError('Add --help for what is possible.'));
  }
  return group;
}
