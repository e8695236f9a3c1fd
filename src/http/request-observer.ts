import { type Log, requestScope } from '#platform/process/log.ts';
import type { Metrics } from '#platform/process/metrics.ts';
import type { HttpObserver } from './observer.ts';

/** One log line and one set of counts a request, when its answer is finished or broken off. */
export function requestObserver(listener: string, deps: { log: Log; metrics: Metrics }): HttpObserver {
  const { metrics } = deps;
  // Its fields are fixed and none is a secret; redaction would cost more than the line.
  const log = deps.log.child({}, { redact: [] });
  return (incoming, outgoing, startedAt) => {
    const scope = requestScope.getStore();
    const { socket } = incoming;
    const [readBefore, writtenBefore] = [socket.bytesRead, socket.bytesWritten];
    outgoing.once('close', () => {
      const seconds = (performance.now() - startedAt) / 1000;
      const route = scope?.route === undefined || scope.route === '' ? 'none' : scope.route;
      const method = incoming.method ?? '';
      // Nobody heard the end of it: proxies call that 499.
      const status = outgoing.writableFinished ? outgoing.statusCode : 499;
      const received = Math.max(0, socket.bytesRead - readBefore);
      const sent = Math.max(0, socket.bytesWritten - writtenBefore);
      metrics.requests.inc({ listener, route, method, status });
      metrics.requestSeconds.observe({ listener, route }, seconds);
      metrics.bytesReceived.inc({ listener }, received);
      metrics.bytesSent.inc({ listener }, sent);
      log.info(
        {
          request_id: scope?.id,
          listener,
          method,
          route,
          status,
          ms: Math.round(seconds * 1000),
          received_bytes: received,
          sent_bytes: sent,
          peer: scope?.peer,
        },
        'request',
      );
    });
  };
}
