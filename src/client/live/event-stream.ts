import { textLines } from '../lineage/text-lines.ts';

/** One server-sent event; or, without data, the word of the server that the position has moved on. */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
  /** The last id that the server has sent so far. */
  readonly id: string | undefined;
}

/**
 * Takes a stream apart as https://html.spec.whatwg.org/multipage/server-sent-events.html section 9.2.6 says. Ends with the stream; what it
 * ended within is no event. Throws when nothing comes for longer than `idleMs`, not even a comment.
 */
export async function* serverEvents(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  idleMs: number,
): AsyncGenerator<ServerEvent> {
  let event = '';
  let data: string[] = [];
  let id: string | undefined;
  let moved = false;
  for await (const whole of textLines(body, idleMs)) {
    const line = whole.endsWith('\r') ? whole.slice(0, -1) : whole;
    if (line === '') {
      if (data.length > 0 || moved) yield { event: event || 'message', data: data.join('\n'), id };
      event = '';
      data = [];
      moved = false;
      continue;
    }
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
    else if (field === 'id') {
      id = value;
      moved = true;
    }
  }
}
