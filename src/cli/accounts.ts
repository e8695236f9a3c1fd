import { Command, Option } from 'commander';
import { openMetadata } from '#compose/backends/open-metadata.ts';
import { accountByUsername, createAccount, listAccounts, resetPassword } from '#features/accounts/index.ts';
import { Problem } from '#kit/errors.ts';
import type { Metadata } from '#platform/metadata/metadata.ts';
import { createLog } from '#platform/process/log.ts';
import { configuration } from './configuration.ts';
import { readPassword } from './read-password.ts';

interface Shared {
  config?: string;
  json?: boolean;
}

export function accountsCommand(): Command {
  const accounts = new Command('accounts').description(
    'Works on the database itself, whether or not the server runs. For who sits at the machine.',
  );
  accounts
    .command('create')
    .description('Creates an account.')
    .requiredOption('--username <name>', '3 to 64 of a-z, 0-9, dot, underscore, hyphen, at sign')
    .addOption(new Option('--role <role>', 'what it may do').choices(['user', 'admin']).default('user'))
    .option('--admin', 'short for --role admin')
    .option(
      '--password-file <file>',
      'read the password from a file; - for standard input; asked for on a terminal when absent',
    )
    .option('--config <file>', 'as for serve')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  proofline accounts create --username ada --role admin')
    .action(
      async (
        options: Shared & { username: string; role: 'user' | 'admin'; admin?: boolean; passwordFile?: string },
      ) => {
        const password = await readPassword(options.passwordFile);
        await withMetadata(options, async (metadata) => {
          const role = options.admin === true ? 'admin' : options.role;
          const account = await createAccount(
            { metadata },
            { username: options.username, password, role, by: { actor: 'command_line' } },
          );
          print(
            options,
            { id: account.id, username: account.username, role: account.role },
            `created ${role} ${account.username} (${account.id})`,
          );
        });
      },
    );
  accounts
    .command('list')
    .description('Lists accounts.')
    .option('--config <file>', 'as for serve')
    .option('--json', 'print one JSON object a line')
    .action(async (options: Shared) => {
      await withMetadata(options, async (metadata) => {
        let after: string | undefined;
        for (;;) {
          const page = await listAccounts(metadata.read, 500, after);
          for (const { id, username, role, created_at, bytes_used } of page)
            print(
              options,
              { id, username, role, created_at, bytes_used },
              `${username.padEnd(24)} ${role.padEnd(6)} ${created_at}  ${id}`,
            );
          after = page.at(-1)?.id;
          if (page.length < 500) return;
        }
      });
    });
  accounts
    .command('reset-password')
    .description('Sets a new password and ends every session of the account.')
    .requiredOption('--username <name>', 'whose')
    .option(
      '--password-file <file>',
      'read the password from a file; - for standard input; asked for on a terminal when absent',
    )
    .option('--config <file>', 'as for serve')
    .option('--json', 'print one JSON object')
    .action(async (options: Shared & { username: string; passwordFile?: string }) => {
      const newPassword = await readPassword(options.passwordFile);
      await withMetadata(options, async (metadata) => {
        const account = await accountByUsername(metadata.read, options.username.trim().toLowerCase());
        if (account === undefined) throw new Problem('account_not_found');
        const revoked = await resetPassword(
          { metadata },
          { accountId: account.id, newPassword, by: { actor: 'command_line' } },
        );
        print(
          options,
          { id: account.id, sessions_revoked: revoked },
          `password of ${account.username} set; ${revoked} sessions ended`,
        );
      });
    });
  return accounts;
}

async function withMetadata(options: Shared, work: (metadata: Metadata) => Promise<void>): Promise<void> {
  const { config } = configuration(options);
  const metadata = await openMetadata(config, createLog('error'));
  try {
    await work(metadata);
  } finally {
    await metadata.close();
  }
}

function print(options: Shared, value: object, line: string): void {
  process.stdout.write(`${options.json === true ? JSON.stringify(value) : line}\n`);
}
