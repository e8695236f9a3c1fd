/** For a folder that is mounted elsewhere than the test runs: folder in argv, what was answered on stdin; says how many runs stand. */
import { text } from 'node:stream/consumers';
import { answersOf, examineFolder } from './examine-folder.ts';

const [dataDir = ''] = process.argv.slice(2);
const runs = await examineFolder(dataDir, answersOf(await text(process.stdin)));
process.stdout.write(`${runs}\n`);
