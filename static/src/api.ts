// The calls our pages make to CONTROL's API, with answers checked and errors turned into one type.

import { apiError, entrance, invitation, joined, me, sessions, ways, type Invitation, type Joined, type Me, type Mode, type Overview, type Parse, type Right, type Ways } from './protocol';

/** Why a call failed. `code` is the API's, or "offline" when no answer came. */
export class ApiError extends Error {
  constructor(readonly code: string, message: string) {
    super(message);
  }
}

type Role = Joined['role'];

export const join = (by: { session: string; secret: string } | { session: string; role: Role } | { code: string }): Promise<Joined> =>
  call('POST', '/api/join', joined, { ...by, attempt: attempt() });

/** A secret of this tab: if the answer to its first try is lost, the server knows it again. */
function attempt(): string {
  const key = 'tandem-attempt';
  let secret = sessionStorage.getItem(key);
  if (!secret) {
    secret = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16)))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
    sessionStorage.setItem(key, secret);
  }
  return secret;
}

/** What the API knows about a session this browser has joined before. */
export const read = (session: string, role: Role): Promise<Joined> =>
  call('GET', `/api/sessions/${encodeURIComponent(session)}/${role}`, joined);

export type Entrance = { enter: string; ticket: string };

export const accept = (session: string, read: { terms: string; words: string; language: string }): Promise<Entrance> => visitor(session, 'accept', entrance, read);
/** A new way in for a visitor who accepted before. */
export const enter = (session: string): Promise<Entrance> => visitor(session, 'enter', entrance);
export const decline = (session: string): Promise<unknown> => visitor(session, 'decline', value => value);

function visitor<T>(session: string, verb: string, parse: Parse<T>, body = {}): Promise<T> {
  return call('POST', `/api/sessions/${encodeURIComponent(session)}/visitor/${verb}`, parse, body);
}

/** A new link and code for the visitor, from whoever waits for them; earlier ones are dead. */
export const inviteAgain = (session: string): Promise<Invitation> =>
  call('POST', `/api/sessions/${encodeURIComponent(session)}/agent/invitation`, invitation, {});
export const takeBack = (session: string): Promise<unknown> =>
  call('DELETE', `/api/sessions/${encodeURIComponent(session)}/agent/invitation`, value => value, {});

/** A copy of a file that the visitor has passed on; once. */
export async function fetchCopy(session: string, n: number): Promise<Blob> {
  const response = await fetch(`/api/sessions/${encodeURIComponent(session)}/agent/copies/${n}`, {
    method: 'POST', credentials: 'same-origin', cache: 'no-store', headers: { 'Content-Type': 'application/json' }, body: '{}',
  });
  if (!response.ok) throw new ApiError(`http_${response.status}`, 'The server could not do this.');
  return response.blob();
}

export const signInWays = (): Promise<Ways> => call('GET', '/api/sign-in', ways);
export const signIn = (by: { key: string } | { link: string }): Promise<Me> => call('POST', '/api/sign-in', me, by);
export const signOut = (): Promise<unknown> => call('POST', '/api/sign-out', value => value, {});

/** Who is signed in. */
export const whoAmI = (): Promise<Me> => call('GET', '/api/v1/me', me);
/** The sessions there are; with the version of an earlier answer, once something has changed. */
export const overview = (since?: number): Promise<Overview> =>
  call('GET', since === undefined ? '/api/v1/sessions' : `/api/v1/sessions?since=${since}`, sessions);
export const create = (what: { url: string; mode: Mode; visitor_name: string; minutes: number; rights: Right[] }): Promise<Invitation> =>
  call('POST', '/api/v1/sessions', invitation, what);

/** What is done to one session: a new invitation, none any more, the end. */
const one = (session: string) => `/api/v1/sessions/${encodeURIComponent(session)}`;
export const invite = (session: string): Promise<Invitation> => call('POST', `${one(session)}/invitation`, invitation, {});
export const revoke = (session: string): Promise<unknown> => call('DELETE', `${one(session)}/invitation`, value => value, {});
/** Lets another agent follow, and no longer. */
export const letIn = (session: string, agent: string): Promise<unknown> => call('PUT', `${one(session)}/agents/${encodeURIComponent(agent)}`, value => value, {});
export const letOut = (session: string, agent: string): Promise<unknown> => call('DELETE', `${one(session)}/agents/${encodeURIComponent(agent)}`, value => value, {});
export const end = (session: string): Promise<unknown> => call('DELETE', one(session), value => value, {});

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
