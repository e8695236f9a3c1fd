import type { Route } from '#http/route.ts';
import type { ClientFeedback } from '../upload/client-feedback.ts';
import type { FanoutConfig } from './fanout.config.ts';
import type { Fanout } from './fanout.ts';
import { liveRoutes } from './live.routes.ts';
import { LiveStreams } from './live-streams.ts';
import type { ReaderAuthority } from './reader-authority.ts';
import { ReaderRights, type RightsLog } from './reader-rights.ts';

const watchEveryMs = 100;

export interface OpenFanout {
  readonly fanout: Fanout;
  readonly routes: readonly Route[];
  usage(): { streams: number; bytes: number; readers: number };
  /** Says goodbye to all readers; before the listener is closed, which would wait for them. */
  close(): void;
}

export function openFanout(
  deps: { authority: ReaderAuthority; feedback: ClientFeedback; log: RightsLog },
  config: FanoutConfig,
): OpenFanout {
  const streams = new LiveStreams(config);
  const rights = new ReaderRights(deps.authority, deps.log);
  const timer = setInterval(() => {
    rights.watch();
    streams.watch();
  }, watchEveryMs);
  // It keeps no process alive that could not start.
  timer.unref();
  return {
    fanout: streams,
    routes: liveRoutes({ streams, rights, feedback: deps.feedback }, config),
    usage: () => streams.usage,
    close: () => {
      clearInterval(timer);
      streams.end('shutting_down');
    },
  };
}
