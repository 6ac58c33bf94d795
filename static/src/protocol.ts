// The messages of a session, as discriminated unions on `type`. Each kind is described once, by the parser that
// checks it; the TypeScript type is derived from the parser, so the two cannot drift apart. Parsers copy the
// fields they know and drop the rest. Nothing here trusts its input: what comes from a content frame was made by
// a page, and what comes from the server was made by another participant.

/** A parser returns the checked value or throws Invalid. */
export type Parse<T> = (value: unknown) => T;

export class Invalid extends Error {}

type Shape = { readonly [field: string]: Parse<unknown> };
type Optional<S extends Shape> = { [K in keyof S]: undefined extends ReturnType<S[K]> ? K : never }[keyof S];
type Fields<S extends Shape> =
  { [K in Exclude<keyof S, Optional<S>>]: ReturnType<S[K]> } & { [K in Optional<S>]?: ReturnType<S[K]> };

/** The union of all messages a table describes: `{type: 'tab', tab: number, …} | …`. */
export type MessageOf<T extends { readonly [type: string]: Shape }> =
  { [K in keyof T & string]: { type: K } & Fields<T[K]> }[keyof T & string];

export const text = (max: number): Parse<string> => value => {
  if (typeof value !== 'string' || value.length > max) throw new Invalid('text');
  return value;
};
export const number: Parse<number> = value => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Invalid('number');
  return value;
};
export const count: Parse<number> = value => {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new Invalid('count');
  return value as number;
};
export const integer: Parse<number> = value => {
  if (!Number.isSafeInteger(value)) throw new Invalid('integer');
  return value as number;
};
export const bool: Parse<boolean> = value => {
  if (typeof value !== 'boolean') throw new Invalid('boolean');
  return value;
};
export const any: Parse<unknown> = value => value;
export const oneOf = <const T extends string>(...allowed: readonly T[]): Parse<T> => value => {
  if (!allowed.includes(value as T)) throw new Invalid('choice');
  return value as T;
};
export const list = <T>(item: Parse<T>, max: number): Parse<T[]> => value => {
  if (!Array.isArray(value) || value.length > max) throw new Invalid('list');
  return value.map(item);
};
/** null counts as absent: Go writes empty pointers so. */
export const optional = <T>(parse: Parse<T>): Parse<T | undefined> => value =>
  value === undefined || value === null ? undefined : parse(value);
export const object = <S extends Shape>(shape: S): Parse<Fields<S>> => value => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Invalid('object');
  const result: Record<string, unknown> = {};
  for (const field of Object.keys(shape)) {
    const parsed = shape[field]!(Object.hasOwn(value, field) ? (value as Record<string, unknown>)[field] : undefined);
    if (parsed !== undefined) result[field] = parsed;
  }
  return result as Fields<S>;
};

/** Parses a message by its table; a kind the table does not know is null, so that either side may be newer. */
export function parseMessage<T extends { readonly [type: string]: Shape }>(table: T, value: unknown): MessageOf<T> | null {
  const { type } = object({ type: text(40) })(value);
  if (!Object.hasOwn(table, type)) return null;
  return { type, ...object(table[type]!)(value) } as unknown as MessageOf<T>;
}

const url = text(65536);
const sentence = text(2000);
const title = text(1000);
const name = text(100);
const color: Parse<string> = value => {
  if (typeof value !== 'string' || !/^#[0-9a-f]{6}$/i.test(value)) throw new Invalid('colour');
  return value;
};

export const mode = oneOf('shared', 'view');
export type Mode = ReturnType<typeof mode>;
/** What an agent may be let do; the mode comes first. */
export const allRights = ['point', 'draw', 'scroll', 'navigate', 'tabs', 'click', 'fill', 'upload', 'lead'] as const;
export type Right = (typeof allRights)[number];
const rights = list(oneOf(...allRights), allRights.length);
/** What is possible in both modes. */
const always: ReadonlySet<Right> = new Set<Right>(['point', 'draw', 'scroll', 'lead']);

/** What an agent may do, all in all. */
export function granted(now: { mode: Mode; paused?: boolean | undefined; rights?: readonly Right[] | undefined }): Right[] {
  return (now.rights ?? allRights).filter(right => !now.paused && (now.mode === 'shared' || always.has(right)));
}
export const state = oneOf('waiting', 'active', 'declined', 'expired', 'ended');
export type State = ReturnType<typeof state>;
export const role = oneOf('visitor', 'agent', 'observer');
export type Role = ReturnType<typeof role>;

const you = { id: text(64), role, name, color };
export const person = object({ ...you, online: bool, delay: optional(count) });
export type Person = ReturnType<typeof person>;
const tab = object({ tab: count, url, title: optional(title), icon: optional(url), active: optional(bool), loading: optional(bool) });
/** A tab as the strip shows it; "shown" is one that somebody else leads. */
export type TabState = ReturnType<typeof tab> & { shown?: boolean };

/** Where somebody points: inside the box of a node when there is one, and in the tab's viewport as a fall-back. */
const place = { doc: count, node: integer, fx: number, fy: number, x: number, y: number };
export type Place = Fields<typeof place>;
/** A viewport, with the leader's answers to media queries: `feature:value`. */
const view = { width: number, height: number, media: optional(list(text(60), 100)) };
export interface View { width: number; height: number; dpr: number; media?: string[] }
const mark = { ...place, kind: optional(oneOf('wiggle', 'frame')) };
/** Anchor node, anchor offset, focus node, focus offset. */
const selection = { doc: count, sel: optional(list(count, 4)) };
const stroke = { doc: count, kind: oneOf('ink', 'box', 'arrow'), points: list(number, 2000), fade: bool };
const editing = { doc: count, node: count };
const from = text(64);
const action = oneOf('back', 'forward', 'reload', 'stop');
export type Action = ReturnType<typeof action>;
/** Checked by the performer, which knows what each kind needs. */
const input = any;
const offered = object({ name: text(1000), size: count, mime: text(200) });
/** Where files go: to a control that asked for them, by the number it asked with, or dropped on a node. */
const destination = { doc: count, want: optional(count), node: integer, fx: number, fy: number };
const placed = { n: count, ok: bool, why: optional(text(64)) };
const refused = { n: optional(count), what: text(64), why: text(64) };
/** By a role, the server, or somebody else; the reason is a name. */
const ended = { by: text(200), reason: text(64) };
export type Ending = Fields<typeof ended>;

const rect = object({ x: number, y: number, width: number, height: number });
const pageRule = object({
  treatment: oneOf('mask', 'block', 'private', 'allow', 'protect'), pages: text(600), selector: optional(text(400)), agent_may_type: optional(bool),
});
const pageRules = list(pageRule, 400);

/** The handshake's answer. The rest of the state follows as ordinary messages. */
export const welcome = object({
  stream: text(100),
  received: count,
  resumed: bool,
  you: object(you),
  people: list(person, 100),
  mode,
  paused: optional(bool),
  rights: optional(rights),
  /** What the visitor may choose rights from. */
  offered: optional(rights),
  state,
  session: text(20),
  url: optional(url),
  tabs: optional(list(tab, 100)),
  key: optional(text(200)),
  view: optional(url),
  packed: optional(bool),
  said: optional(count),
  rules: optional(pageRules),
  /** An agent leads here, to show the visitor of another session a page. */
  showing: optional(bool),
  /** What pages kept in the browser before this one is to be taken. */
  carried: optional(bool),
});
export type Welcome = ReturnType<typeof welcome>;

/** What people show and tell each other, and what the visitor decides: the same for everybody. */
const between = {
  people: { people: list(person, 100) },
  pointer: { from, ...place },
  mark: { from, ...mark },
  select: { from, ...selection },
  draw: { from, ...stroke },
  /** The field somebody types in. */
  editing: { from, ...editing },
  erase: { from },
  chat: { n: count, from, at: count, text: sentence },
  typing: { from, on: bool },
  mode: { mode, paused: bool, rights: optional(rights) },
  /** How it is with what an agent shows in a session of its own. */
  showing: { session: text(20), by: from, site: url, state },
  /** The visitor saves a file; its size in bytes, if that is known. */
  download: { name: text(300), bytes: optional(count) },
  refused,
  ended,
} satisfies { [type: string]: Shape };

/** server → visitor's shell */
export const toVisitor = {
  /** `only` is the one right that who asks has, of these two. */
  input: { n: count, from, doc: count, input, only: optional(oneOf('click', 'fill')) },
  scroll: { doc: count, node: integer, x: number, y: number, from: optional(from) },
  navigate: { tab: count, url, from: optional(from) },
  go: { tab: count, action },
  activate: { tab: count },
  open: { url, from },
  close: { tab: count },
  /** A link to go on with another device, drawn as a code: dark runs as an SVG path. */
  moving: { url, size: count, path: text(100_000) },
  /** A browser has opened it; it shows the same number. */
  'move-asks': { check: text(10), hosts: list(text(300), 100) },
  /** Somebody has files for the page. */
  offer: { n: count, from, ...destination, files: list(offered, 10) },
  piece: { n: count, data: text(256 << 10) },
  withdrawn: { n: count },
  /** A file that was saved may be passed on. */
  copy: { n: count, name: text(300), bytes: count },
  ...between,
  resync: { doc: optional(count), node: optional(count), deep: optional(bool), sheet: optional(integer), film: optional(bool) },
  /** Somebody would like to click and type as well. */
  ask: { from },
  cookies: {},
  /** How pages are treated from now on. */
  rules: { rules: pageRules },
  /** The server wants to know whether the page lives. */
  beat: {},
} satisfies { [type: string]: Shape };
export type ToVisitor = MessageOf<typeof toVisitor>;

/** server → agent's console. The tree itself (`ops`) is judged by the renderer, op by op. */
export const toAgent = {
  /** What became of the visitor's invitation, while they have not accepted; expires is in milliseconds. */
  invitation: { status: oneOf('sent', 'opened', 'accepted', 'declined', 'expired', 'revoked'), expires: number },
  state: { state },
  tabs: { tabs: list(tab, 100) },
  view: { ...view, tab: optional(count), dpr: optional(number), seen: optional(list(number, 4)) },
  doc: { doc: count, tab: count, parent: optional(list(integer, 2)), url: optional(url), ops: optional(any) },
  ops: { doc: count, ops: any },
  gone: { doc: count },
  ...between,
  done: { n: count, ok: bool, why: optional(text(64)), sel: optional(list(count, 4)) },
  /** The page asks for files because of what you did, or has copied something. */
  want: { to: from, doc: count, want: count, accept: optional(sentence), multiple: optional(bool) },
  copied: { to: from, text: text(200_000) },
  /** The visitor passes a copy of a saved file on. */
  passed: { n: count, name: text(300), bytes: count },
  /** The visitor's answer to an offer of files, how much of them has come, and what the page made of them. */
  take: { n: count, ok: bool },
  got: { n: count, bytes: count },
  placed,
  dialog: { doc: count, kind: text(40), text: sentence },
  answered: { doc: count, ok: optional(bool) },
  notice: { what: oneOf('print', 'fullscreen', 'copy', 'no-room', 'left-out', 'unsafe', 'too-large'), about: optional(sentence) },
  /** The leader's page lives. */
  beat: { hidden: optional(bool) },
  leader: { online: bool, since: optional(any) },
  /** The leader's next page is slow to come. */
  loading: { on: bool },
} satisfies { [type: string]: Shape };
export type ToAgent = MessageOf<typeof toAgent>;

/** content document → shell, over its port. */
export const fromDocument = {
  ops: { ops: text(15 << 20) },
  page: { url, title: optional(title), icon: optional(url) },
  pointer: { node: integer, fx: number, fy: number, x: number, y: number },
  mark: { node: integer, fx: number, fy: number, x: number, y: number, kind: mark.kind },
  select: { sel: selection.sel },
  editing: { node: count },
  view: { ...view, dpr: number },
  done: { n: count, ok: bool, why: optional(text(64)), sel: optional(list(count, 4)) },
  want: { n: count, want: count, accept: sentence, multiple: bool },
  copied: { n: count, text: text(200_000) },
  placed,
  blob: { id: text(100), mime: text(200), data: text(11 << 20) },
  open: { id: text(100), url: optional(url), name: optional(text(200)), features: optional(text(1000)) },
  post: { to: text(100), data: any, target: optional(text(1000)) },
  close: { id: optional(text(100)) },
  located: { id: count, x: number, y: number, box: optional(any) },
  boxes: { id: count, boxes: any },
  /** A dialog is answered: yes or no, or nothing where there is no choice. */
  answered: { ok: optional(bool) },
  /** The page wants what takes a press of the visitor. */
  wish: { id: count, kind: oneOf('print', 'fullscreen', 'copy'), text: text(100_000) },
  download: { name: text(200) },
  hidden: { hidden: list(rect, 101), shown: list(rect, 101), whole: bool },
  secret: { secret: optional(text(2000)), before: optional(text(2000)), name: optional(text(200)) },
  surrounded: {},
  panic: {},
  bye: {},
} satisfies { [type: string]: Shape };
export type FromDocument = MessageOf<typeof fromDocument>;

function file(value: unknown): File {
  if (!(value instanceof File)) throw new Invalid('file');
  return value;
}

/** renderer → console, over its port. The server checks these again; here they are only kept in bounds. */
export const fromRenderer = {
  input: { n: count, doc: count, input },
  scroll: { doc: count, node: integer, x: number, y: number },
  pointer: place,
  mark,
  select: selection,
  draw: stroke,
  editing,
  /** Why what the follower tried does nothing, for them to read. */
  explain: { why: oneOf('masked', 'hidden', 'hidden-typing', 'view', 'click', 'fill', 'gone') },
  /** Files were dropped. */
  drop: { ...destination, files: list(file, 100) },
  /**
   * Something did not fit: an element, the rules of a sheet, or without either the whole document is wanted again; or
   * pictures of a film that can't be had.
   */
  resync: { doc: count, node: optional(count), deep: optional(bool), sheet: optional(integer), film: optional(bool) },
} satisfies { [type: string]: Shape };
export type FromRenderer = MessageOf<typeof fromRenderer>;
export type Unmoved = (FromRenderer & { type: 'explain' })['why'];

/** What the API says about a session to the person who joins it. */
export const joined = object({
  session: text(20),
  role: oneOf('visitor', 'agent'),
  state,
  mode,
  rights,
  url,
  origin: url,
  agent: name,
  visitor: name,
  masked: list(oneOf('passwords', 'cards', 'codes'), 10),
  /** Names what the visitor is asked to agree to. */
  terms: text(100),
  treated: optional(list(text(40), 10)),
  expires_at: optional(text(64)),
  check: optional(text(10)),
  /** Whoever asks leads here, and has nothing to agree to. */
  showing: optional(bool),
  /** Who follows was let in, and decides nothing. */
  colleague: optional(bool),
});
export type Joined = ReturnType<typeof joined>;

/** What the visitor is sent. It is told once. */
export const invitation = object({ id: text(20), visitor_url: url, agent_url: url, code: text(20), expires_at: text(64) });
export type Invitation = ReturnType<typeof invitation>;

export const invited = oneOf('sent', 'opened', 'accepted', 'declined', 'expired', 'revoked');
export type Invited = ReturnType<typeof invited>;

/** Who is signed in to the console. */
export const me = object({ name, full_name: text(300), role: oneOf('agent', 'supervisor', 'admin') });
export type Me = ReturnType<typeof me>;
/** How one can sign in, beside keys and links. */
export const ways = object({ provider: text(100) });
export type Ways = ReturnType<typeof ways>;

const summary = object({
  id: text(20), state, invitation: invited, mode, owner: optional(name), colleagues: optional(list(name, 100)), url: optional(url), agent: optional(name), visitor: optional(name),
  agent_online: bool, visitor_online: bool, created_at: text(64), expires_at: text(64), end_reason: optional(sentence),
});
export type Summary = ReturnType<typeof summary>;
export const sessions = object({ version: count, sessions: list(summary, 100_000) });
export type Overview = ReturnType<typeof sessions>;

export const apiError = object({ error: object({ code: text(64), message: sentence }) });
export const entrance = object({ enter: url, ticket: text(200) });
