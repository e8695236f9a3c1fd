import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { openWorld, type World } from '../http/support/world.ts';
import { compare, steps } from './commands.ts';
import { emptyModel } from './model.ts';
import { Real } from './real.ts';
import { parametersOf } from './runs.ts';

// A turn of the deletion worker at each start, and none in between: the model knows when an incident is gone.
const env = { SAFE_DELETION_WORKER_INTERVAL: '24h' };

let world: World;
let real: Real;
before(async () => {
  world = await openWorld('model', env);
  real = new Real(world, env);
});
after(async () => {
  await real.end();
  world.remove();
});

test('the server does what a few maps in memory do, also across stops and kills', async (t) => {
  const parameters = parametersOf(t, { runs: 12, dear: true });
  let commands = 0;
  await fc.assert(
    fc.asyncProperty(fc.commands(steps, { maxCommands: 80, size: 'max' }), async (list) => {
      real.run += 1;
      const model = emptyModel();
      await fc.asyncModelRun(() => ({ model, real }), list);
      await compare(model, real);
      commands += [...list].length;
    }),
    parameters,
  );
  t.diagnostic(`${commands} commands`);
});
