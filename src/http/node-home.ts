import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { isProblem } from '#kit/errors.ts';
import { type Log, requestScope } from '#platform/process/log.ts';
import type { Home, RequestFacts } from './home.ts';
import { readBody } from './read-body.ts';

/** Node's server, on its raw request and response: web streams cost twice the CPU. */
export function nodeHome(log: Log): Home {
  return {
    request: (): RequestFacts => requestScope.getStore() ?? { peer: '', route: '' },
    authorization: (c) => c.env.incoming.headers.authorization,
    readBody: async (c, maxBytes) => await readBody(c.env.incoming, maxBytes),
    breakOff(c, error) {
      const { incoming, outgoing } = c.env;
      // Too late for another answer, or nobody left to hear it: what was being sent is broken off instead of ended well.
      if (!outgoing.headersSent && !incoming.socket.destroyed) return undefined;
      if (!outgoing.writableEnded) outgoing.destroy();
      const brokenByUs = !isProblem(error) ? !incoming.socket.destroyed : error.kind === 'corrupt';
      if (brokenByUs)
        log.error({ err: error, ...(isProblem(error) ? { code: error.code } : {}) }, 'response broken off');
      return RESPONSE_ALREADY_SENT;
    },
  };
}
