export interface Told {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a demo looks into whatever the server says
  body: any;
}

/** One person's view of the API. */
export class Caller {
  readonly url: string;
  readonly headers: Record<string, string>;

  constructor(url: string, token: string) {
    this.url = url;
    this.headers = { authorization: `Bearer ${token}` };
  }

  get = (path: string) => this.#call('GET', path);
  post = (path: string, json: object = {}) => this.send('POST', path, json);

  send(method: string, path: string, json?: object): Promise<Told> {
    if (json === undefined) return this.#call(method, path);
    return this.#call(method, path, JSON.stringify(json), { 'content-type': 'application/json' });
  }

  put(path: string, body: string, headers: Record<string, string>): Promise<Told> {
    return this.#call('PUT', path, body, { 'content-type': 'text/plain', ...headers });
  }

  upload(name: string, content: string): Promise<Told> {
    const form = new FormData();
    form.set('file', new Blob([content], { type: 'text/plain' }), name);
    return this.#call('POST', '/v1/documents', form);
  }

  async #call(
    method: string,
    path: string,
    body?: string | FormData,
    headers: Record<string, string> = {},
  ): Promise<Told> {
    const answer = await fetch(this.url + path, {
      method,
      headers: { ...this.headers, ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.startsWith('application/json') === true;
    return { status: answer.status, body: isJson ? JSON.parse(text) : undefined };
  }
}
