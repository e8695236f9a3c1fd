/** The admin pages as a browser without any script sees them: cookies, forms, redirects. */
export interface AdminBrowser {
  get(path: string): Promise<PageAnswer>;
  /** Sends the first form of the page that was opened last, with its token; headers as a browser would add them. */
  post(path: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<PageAnswer>;
  cookies: Map<string, string>;
  token: string;
}

export interface PageAnswer {
  status: number;
  location: string;
  setCookies: string[];
  headers: Headers;
  text: string;
}

export function adminBrowser(url: string, always: Record<string, string> = {}): AdminBrowser {
  const browser: AdminBrowser = {
    cookies: new Map(),
    token: '',
    get: (path) => ask(path, { headers: {} }),
    post: (path, fields, headers = {}) =>
      ask(path, {
        method: 'POST',
        headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: new URLSearchParams({ form_token: browser.token, ...fields }).toString(),
      }),
  };
  const ask = async (path: string, init: { method?: string; headers: Record<string, string>; body?: string }) => {
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(`${url}${path}`, {
      ...init,
      redirect: 'manual',
      headers: { ...always, ...(cookie === '' ? {} : { cookie }), ...init.headers },
    });
    const setCookies = response.headers.getSetCookie();
    for (const line of setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') browser.cookies.delete(name);
      else browser.cookies.set(name, value);
    }
    const text = await response.text();
    browser.token = /name="form_token" value="([^"]+)"/.exec(text)?.[1] ?? browser.token;
    const location = response.headers.get('location') ?? '';
    return { status: response.status, location, setCookies, headers: response.headers, text };
  };
  return browser;
}

export async function signInToPages(browser: AdminBrowser, username: string, password: string): Promise<PageAnswer> {
  await browser.get('/admin/login');
  const answer = await browser.post('/admin/login', { username, password });
  // The token of the next form is bound to the session, and every page has one.
  if (answer.status === 303) await browser.get('/admin/overview');
  return answer;
}
