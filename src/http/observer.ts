import type { IncomingMessage, ServerResponse } from 'node:http';

/** Called once as each request arrives; it attaches its own listeners. Request log and metrics are one. */
export type HttpObserver = (incoming: IncomingMessage, outgoing: ServerResponse, startedAt: number) => void;
