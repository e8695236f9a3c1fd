/** What one query costs over bare node:sqlite: `overhead.ts`. In memory, so that no disk is in the figures. */
import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import { compiled } from '#platform/metadata/compiled.ts';
import { dbOver, sessionOf } from '#platform/metadata/sqlite/executor.ts';
import { Statements } from '#platform/metadata/sqlite/statements.ts';

type Row = { id: string; a: string; b: string; c: number; d: number; e: string; f: string; g: string };
type BenchTables = { t: Row };

const database = new DatabaseSync(':memory:');
database.exec(
  'CREATE TABLE t (id TEXT PRIMARY KEY, a TEXT, b TEXT, c INTEGER, d INTEGER, e TEXT, f TEXT, g TEXT) STRICT',
);
const db = dbOver(sessionOf(new Statements(database)));
const tables = db.withTables<BenchTables>();
const row = (id: string): Row => ({ id, a: 'aaaa', b: 'bbbb', c: 1, d: 2, e: 'eeeeee', f: 'ffffff', g: 'gggggg' });

const bareSelect = database.prepare('SELECT * FROM t WHERE id = ?');
const bareInsert = database.prepare('INSERT INTO t (id, a, b, c, d, e, f, g) VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
const compiledSelect = compiled((_, by: { id: string }) => tables.selectFrom('t').selectAll().where('id', '=', by.id));
const compiledInsert = compiled((_, r: Row) =>
  tables.insertInto('t').values({ id: r.id, a: r.a, b: r.b, c: r.c, d: r.d, e: r.e, f: r.f, g: r.g }),
);

const cases: Record<string, (n: number) => unknown> = {
  'select, bare': () => bareSelect.all('5'),
  'select, sql template': () => sql`SELECT * FROM t WHERE id = ${'5'}`.execute(db),
  'select, Kysely': () => tables.selectFrom('t').selectAll().where('id', '=', '5').executeTakeFirst(),
  'select, compiled': () => compiledSelect.first(db, { id: '5' }),
  'insert, bare': (n) => bareInsert.run(...Object.values(row(`bare${n}`))),
  'insert, Kysely': (n) =>
    tables
      .insertInto('t')
      .values(row(`kysely${n}`))
      .execute(),
  'insert, compiled': (n) => compiledInsert.changes(db, row(`compiled${n}`)),
};

const runs = 40_000;
const rounds = 5;
let serial = 0;
const figures = new Map<string, number[]>();
database.exec("INSERT INTO t VALUES ('5', 'a', 'b', 1, 2, 'e', 'f', 'g')");
for (let round = 0; round <= rounds; round++) {
  for (const [name, run] of Object.entries(cases)) {
    database.exec("DELETE FROM t WHERE id <> '5'; BEGIN");
    const started = performance.now();
    for (let n = 0; n < runs; n++) await run(serial++);
    const each = ((performance.now() - started) * 1000) / runs;
    database.exec('COMMIT');
    // The first round only warms up.
    if (round > 0) figures.set(name, [...(figures.get(name) ?? []), each]);
  }
}
for (const [name, values] of figures) {
  const median = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  process.stdout.write(`${name.padEnd(24)} ${median.toFixed(2)} µs\n`);
}
