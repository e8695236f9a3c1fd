import { z } from 'zod';
import type { JobHandler } from '#features/jobs/index.ts';
import { documentJobHandler, type ProcessingDeps } from './document-job.ts';
import type { TopicsInput } from './parser/parser-task.ts';
import { recordSuggestionsTransaction } from './processing.transactions.ts';
import { runParser } from './run-parser.ts';
import { topicExamples } from './topic-examples.store.ts';

const shape = z.object({ topicIds: z.array(z.string()).max(10) });

/** Suggests topics that the owner has already, by words; parser/suggest-topics.ts has the rule. */
export function topicsHandler(deps: ProcessingDeps): JobHandler {
  const { config, metadata } = deps;
  return documentJobHandler(deps, { kind: 'topics', of: 'the current version' }, async (job) => {
    const { document, context } = job;
    const examples = await topicExamples(metadata.read, document.owner_account_id, document.id);
    if (examples.topics.length === 0) {
      await metadata.write(recordSuggestionsTransaction, { ending: job.ending(), topicIds: [] });
      return;
    }
    const said = await metadata.read
      .selectFrom('document_texts')
      .select('body')
      .where('document_id', '=', document.id)
      .executeTakeFirst();
    const input: TopicsInput = { document: { name: document.name, text: said?.body ?? '' }, ...examples };
    const { topicIds } = await runParser({ kind: 'topics' }, jsonBytes(input), shape, config, context.signal);
    await metadata.write(recordSuggestionsTransaction, { ending: job.ending(), topicIds });
  });
}

async function* jsonBytes(value: unknown): AsyncGenerator<Buffer> {
  yield Buffer.from(JSON.stringify(value));
}
