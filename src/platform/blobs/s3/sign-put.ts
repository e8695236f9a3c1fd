import { createHash, createHmac } from 'node:crypto';

export interface SigningKeys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

export interface UnsignedPut {
  host: string;
  /** Of letters, digits and `/_.-~` only, so that it is its own canonical form. */
  path: string;
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
  /** Of the body, lower-case hexadecimal. */
  sha256Hex: string;
  at: Date;
}

const algorithm = 'AWS4-HMAC-SHA256';

/** Signature Version 4 of one PUT without a query, over the hash of its body. The key of a day is derived once. */
export class PutSigner {
  readonly #region: string;
  #key: { of: string; bytes: Buffer } | undefined;

  constructor(region: string) {
    this.#region = region;
  }

  /** All headers to send but content-length. */
  sign(put: UnsignedPut, keys: SigningKeys): Record<string, string> {
    const time = put.at.toISOString().replace(/[-:]|\.\d{3}/g, '');
    const day = time.slice(0, 8);
    const headers: Record<string, string> = {
      ...put.headers,
      host: put.host,
      'x-amz-content-sha256': put.sha256Hex,
      'x-amz-date': time,
      ...(keys.sessionToken === undefined ? {} : { 'x-amz-security-token': keys.sessionToken }),
    };
    const names = Object.keys(headers).sort();
    const lines = names.map((name) => `${name}:${headers[name]}\n`).join('');
    const signed = names.join(';');
    const request = `PUT\n${put.path}\n\n${lines}\n${signed}\n${put.sha256Hex}`;
    const scope = `${day}/${this.#region}/s3/aws4_request`;
    const text = `${algorithm}\n${time}\n${scope}\n${createHash('sha256').update(request).digest('hex')}`;
    const signature = createHmac('sha256', this.#keyOf(day, keys)).update(text).digest('hex');
    headers.authorization = `${algorithm} Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`;
    return headers;
  }

  #keyOf(day: string, { accessKeyId, secretAccessKey }: SigningKeys): Buffer {
    const of = `${day} ${accessKeyId} ${secretAccessKey}`;
    if (this.#key?.of !== of) {
      const steps = [day, this.#region, 's3', 'aws4_request'];
      const first: Buffer | string = `AWS4${secretAccessKey}`;
      const bytes = steps.reduce<Buffer | string>(
        (key, step) => createHmac('sha256', key).update(step).digest(),
        first,
      );
      this.#key = { of, bytes: Buffer.from(bytes) };
    }
    return this.#key.bytes;
  }
}
