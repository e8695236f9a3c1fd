import type { Metadata } from '#platform/metadata/metadata.ts';
import type { ServiceKey } from '../../record/names.ts';
import { formatLine, parseLine, type RunLine } from '../../record/run-line.ts';
import type {} from './lineage-index.tables.ts';
import { keepDayTransaction } from './lineage-index.transactions.ts';
import type { RunIndex, VersionedDay } from './run-index.ts';

/** Parameters a question, below what either database takes. */
const daysPerQuestion = 500;

/** In either database, which stays its owner's to close. */
export class DatabaseRunIndex implements RunIndex {
  readonly #metadata: Metadata;

  constructor(metadata: Metadata) {
    this.#metadata = metadata;
  }

  async day(key: ServiceKey, { day, version }: VersionedDay): Promise<RunLine[] | undefined> {
    const row = await this.#days(key)
      .where('day', '=', day)
      .where('version', '=', version)
      .select('manifest')
      .executeTakeFirst();
    return row?.manifest.split('\n').flatMap((line) => parseLine(line) ?? []);
  }

  async keep(key: ServiceKey, { day, version }: VersionedDay, lines: readonly RunLine[]): Promise<void> {
    const { organization, project, service } = key;
    const manifest = lines.map(formatLine).join('');
    await this.#metadata.write(keepDayTransaction, { organization, project, service, day, version, manifest });
  }

  async daysOfCommit(key: ServiceKey, commit: string, days: readonly VersionedDay[]): Promise<Map<string, boolean>> {
    // An underscore fits any letter here, and SQLite takes small for capital ones: a day too many costs no more than its reading.
    const pattern = `%"commit_sha":"${commit}"%`;
    const known = new Map<string, boolean>();
    for (let at = 0; at < days.length; at += daysPerQuestion) {
      const asked = new Map(days.slice(at, at + daysPerQuestion).map(({ day, version }) => [day, version]));
      const rows = await this.#days(key)
        .where('day', 'in', [...asked.keys()])
        .select((from) => ['day', 'version', from('manifest', 'like', pattern).as('built')])
        .execute();
      for (const { built, day, version } of rows) if (asked.get(day) === version) known.set(day, Boolean(built));
    }
    return known;
  }

  #days({ organization, project, service }: ServiceKey) {
    return this.#metadata.read
      .selectFrom('lineage_days')
      .where('organization', '=', organization)
      .where('project', '=', project)
      .where('service', '=', service);
  }
}
