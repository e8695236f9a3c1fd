import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Client } from '../../http/support/client.ts';

export interface SlowForm {
  /** Sends the rest; the status, and the code of a refusal. */
  finish(): Promise<{ status: number; code: string }>;
}

const boundary = 'slow-form';

function head(fields: Record<string, string>): string {
  const parts = Object.entries(fields).map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return `${parts.join('')}--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="slow.txt"\r\nContent-Type: text/plain\r\n\r\n`;
}

/** A form whose file has begun to arrive: what stands before it was judged, and answers by itself if that refuses it. */
export async function slowForm(
  as: Client,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<SlowForm & { answered: Promise<{ status: number; code: string }> }> {
  const asking = request(`${as.url}/v1/documents`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${as.token}`,
      'content-type': `multipart/form-data; boundary=${boundary}`,
      ...headers,
    },
  });
  const answered = once(asking, 'response').then(async ([answer]: IncomingMessage[]) => {
    const body = JSON.parse(answer === undefined ? '{}' : await text(answer));
    return { status: answer?.statusCode ?? 0, code: String(body.error?.code ?? '') };
  });
  answered.catch(() => undefined);
  asking.write(`${head(fields)}begun`);
  // Until the server has judged it: nothing says so from outside.
  await new Promise((resolve) => setTimeout(resolve, 200));
  return {
    answered,
    finish: async () => {
      asking.end(` and done\r\n--${boundary}--\r\n`);
      return await answered;
    },
  };
}
