import type { z } from 'zod';
import type { Caller } from '#http/caller.ts';
import { check } from '#http/check.ts';
import type { HttpContext, Route } from '#http/route.ts';

export interface Asking {
  c: HttpContext;
  /** Undefined before the sign-in. */
  caller: Caller | undefined;
}

export interface Question {
  params?: Record<string, string>;
  query?: Record<string, string>;
  json?: unknown;
}

type Method = Route['method'];

/**
 * The pages know what the API answers and nothing else: each of their questions goes to the route that answers it to everybody, in this
 * process and without HTTP. So they may do what their reader may do with it, and every act is judged and written down in one place.
 */
export interface Api {
  /** The answer of a GET, as far as its shape says what is looked at. Throws the Problem of the route. */
  read<Shape extends z.ZodType>(
    asking: Asking,
    path: string,
    shape: Shape,
    question?: Question,
  ): Promise<z.output<Shape>>;
  /** Any other method. Throws as above. */
  act(asking: Asking, method: Method, path: string, question?: Question): Promise<Response>;
}

export function apiOf(routes: readonly Route[]): Api {
  const byName = new Map(routes.map((route) => [`${route.method} ${route.path}`, route]));
  const act = async (
    { c, caller }: Asking,
    method: Method,
    path: string,
    question: Question = {},
  ): Promise<Response> => {
    const found = byName.get(`${method} ${path}`);
    if (found === undefined) throw new Error(`the pages ask for ${method} ${path}, which no route answers`);
    const { params = {}, query = {}, json } = question;
    return await found.handle({
      c,
      // A page for who is signed in has a caller; those before have none, and neither have the routes that they ask.
      caller: caller as Caller,
      query: found.query === undefined ? undefined : check(found.query, query),
      json: found.json === undefined ? undefined : check(found.json, json ?? {}),
      param: (name) => params[name] ?? '',
      body: () => Promise.reject(new Error('a page has no body for the API')),
    });
  };
  return {
    act,
    read: async (asking, path, shape, question) => shape.parse(await (await act(asking, 'GET', path, question)).json()),
  };
}
