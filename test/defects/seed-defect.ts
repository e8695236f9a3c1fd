import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Finding, type Progress, silently } from '../support/finding.ts';
import { repository, scratchFolder } from '../support/server.ts';
import { type Defect, defects } from './defects.ts';

export interface Tree {
  path: string;
  remove(): void;
}

/** The sources and tests of this repository in a folder of their own. */
export function copyTree(): Tree {
  const folder = scratchFolder('defect');
  for (const name of ['src', 'test', 'package.json'])
    cpSync(join(repository, name), join(folder.path, name), { recursive: true });
  symlinkSync(join(repository, 'node_modules'), join(folder.path, 'node_modules'));
  return folder;
}

/** Puts the defect into a copy. Throws when the source no longer reads so: then the defect must be written anew. */
export function plant({ path }: Tree, { name, edits }: Defect): void {
  for (const { file, find, replace } of edits) {
    const source = readFileSync(join(path, file), 'utf8');
    const at = source.indexOf(find);
    if (at === -1) throw new Error(`${file} no longer contains what the defect "${name}" replaces: ${find}`);
    writeFileSync(join(path, file), source.slice(0, at) + replace + source.slice(at + find.length));
  }
}

export interface Verdict {
  passed: boolean;
  /** That the very test ran, and neither a whole file failed to load nor nothing matched. */
  ran: boolean;
  output: string;
}

export async function runTest({ path }: Tree, { file, pattern }: Defect['test']): Promise<Verdict> {
  const args = [
    '--test',
    '--test-reporter=tap',
    '--test-timeout=120000',
    // A test that fails as it should may leave open what it would have closed at its end.
    '--test-force-exit',
    `--test-name-pattern=${pattern}`,
    join(path, file),
  ];
  // Its servers are to be started from its own sources, which are another's here.
  const notIts = ['NODE_TEST_CONTEXT', 'PROOFLINE_TEST_MAIN'];
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !notIts.includes(name)));
  const child = spawn(process.execPath, args, { cwd: path, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => {
      output += data.toString();
    });
  const [code] = (await once(child, 'close')) as [number | null];
  const line = output.split('\n').find((each) => /^ *(not )?ok \d+ - /.test(each) && each.includes(pattern)) ?? '';
  return { passed: code === 0 && !line.includes('# SKIP'), ran: line !== '' && !line.includes('# SKIP'), output };
}

/** Every defect must be caught, and the untouched copy must pass the same tests. */
export async function seedDefects(options: { only?: readonly string[]; progress?: Progress }): Promise<Finding> {
  const { only, progress = silently } = options;
  const chosen = only === undefined ? defects : defects.filter(({ name }) => only.includes(name));
  const violations: string[] = [];
  const sound = new Map<string, boolean>();
  for (const defect of chosen) {
    const key = `${defect.test.file} ${defect.test.pattern}`;
    if (!sound.has(key)) {
      const untouched = copyTree();
      const verdict = await runTest(untouched, defect.test);
      sound.set(key, verdict.passed && verdict.ran);
      if (!verdict.passed || !verdict.ran)
        violations.push(`without any defect, ${key} fails:\n${verdict.output.slice(-1500)}`);
      untouched.remove();
    }
    const tree = copyTree();
    let verdict: Verdict;
    try {
      plant(tree, defect);
      verdict = await runTest(tree, defect.test);
    } catch (error) {
      violations.push(String(error));
      continue;
    } finally {
      tree.remove();
    }
    if (!verdict.ran) violations.push(`${defect.name}: its test did not run:\n${verdict.output.slice(-1500)}`);
    else if (verdict.passed) violations.push(`${defect.name}: nobody noticed`);
    progress(`${verdict.passed ? 'MISSED' : 'caught'}: ${defect.name}`);
  }
  return {
    fault: 'seeded defects in a copy of the source',
    held: 'the smallest test of each fails; without the defect it passes',
    filesystem: 'as each test has it',
    rounds: chosen.length,
    acknowledged: chosen.length,
    violations,
    seed: 0,
  };
}
