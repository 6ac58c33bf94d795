// The calls our pages make to CONTROL's API, with answers checked and errors turned into one type.

import { apiError, entrance, joined, type Joined, type Parse } from './protocol';

/** Why a call failed. `code` is the API's, or "offline" when no answer came. */
export class ApiError extends Error {
  constructor(readonly code: string, message: string) {
    super(message);
  }
}

type Role = Joined['role'];

export const join = (by: { session: string; secret: string } | { session: string; role: Role } | { code: string }): Promise<Joined> =>
  call('POST', '/api/join', joined, by);

/** What the API knows about a session this browser has joined before. */
export const read = (session: string, role: Role): Promise<Joined> =>
  call('GET', `/api/sessions/${encodeURIComponent(session)}/${role}`, joined);

export type Entrance = { enter: string; ticket: string };

export const accept = (session: string): Promise<Entrance> => visitor(session, 'accept', entrance);
/** A new way in for a visitor who accepted before. */
export const enter = (session: string): Promise<Entrance> => visitor(session, 'enter', entrance);
export const decline = (session: string): Promise<unknown> => visitor(session, 'decline', value => value);

function visitor<T>(session: string, verb: string, parse: Parse<T>): Promise<T> {
  return call('POST', `/api/sessions/${encodeURIComponent(session)}/visitor/${verb}`, parse, {});
}

async function call<T>(method: string, path: string, parse: Parse<T>, body?: object): Promise<T> {
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(path, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      ...(body && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    });
    answer = await response.json().catch(() => null);
  } catch {
    throw new ApiError('offline', 'The server did not answer.');
  }
  if (!response.ok) {
    let error = { code: `http_${response.status}`, message: 'The server could not do this.' };
    try {
      ({ error } = apiError(answer));
    } catch { /* not one of our answers, a proxy's perhaps: the status has to do */ }
    throw new ApiError(error.code, error.message);
  }
  return parse(answer);
}
