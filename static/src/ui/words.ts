// Sentences that more than one page uses, in words that need no knowledge of how this works.

import type { Ending, Mode, Person, Right } from '../protocol';
import { has, locale, number, t } from './catalogue';

/** What the agent may do, as the visitor reads it. */
export const rights = (agent: string, mode: Mode): string => t(`rights.${mode}`, { agent });

/** The same from the agent's side. */
export const ownRights = (visitor: string, mode: Mode): string => t(`rights.own-${mode}`, { visitor });

/** What the agent is told when the visitor gives them a right, or takes it. */
export const rightTold = (right: Right, given: boolean, visitor: string): string =>
  t(`right.${right}.${given ? 'given' : 'taken'}`, { visitor });

export const shortMode = (mode: Mode): string => t(`rights.short-${mode}`);

/** A dialog of the page's at the visitor, as the agent sees it. */
export function dialogTitle(kind: string, visitor: string): string {
  const key = `dialog.${kind}`;
  switch (key) {
    case 'dialog.confirm': case 'dialog.prompt': case 'dialog.print': return t(key, { visitor });
    default: return t('dialog.alert', { visitor });
  }
}

export function answerOf(visitor: string, ok: boolean | undefined): string {
  return ok === undefined ? '' : t(ok ? 'dialog.ok' : 'dialog.cancel', { visitor });
}

/** A file by its name and size. */
export function fileWords(name: string, size: number | undefined): string {
  const called = name.trim() || t('download.file');
  return size ? t('download.sized', { name: called, size: bytes(size) }) : called;
}

/** Why something the agent did had no effect, as the visitor's browser or the server says it: by a name. */
export function reason(why: string, visitor: string): string {
  const key = `why.${why}`;
  if (!has(key)) return t('why.none');
  return t(key as `why.protected`, { visitor });
}

/** How a session was ended. */
export function endedBy({ by, reason }: Ending, names: { visitor: string; agent: string }): string {
  if (by === 'visitor') return t('ended.by.person', { who: names.visitor });
  if (by === 'agent') return t('ended.by.person', { who: names.agent });
  switch (reason) {
    case 'admin': case 'longest': case 'idle': return t(`ended.by.${reason}`);
    case 'other': return t('ended.by.other', { who: by });
    case 'disabled': return t('ended.by.disabled', { who: names.agent });
    default: return t('ended.by.over');
  }
}

/** What an operator's rules do on a site, as the visitor reads it before accepting. */
export function treated(treatments: readonly string[]): string[] {
  const all: string[] = [];
  if (treatments.includes('private')) all.push(t('treated.private'));
  if (treatments.includes('mask') || treatments.includes('block')) all.push(t('treated.parts'));
  return all;
}

/** 12 bytes, 3.4 KB, 10 MB. */
export function bytes(size: number): string {
  if (size < 1000) return t('size.bytes', { n: size });
  const [n, key] = size < 1_000_000 ? [size / 1000, 'size.kilobytes' as const] : [size / 1_000_000, 'size.megabytes' as const];
  return t(key, { n: number(n, n < 10 ? 1 : 0) });
}

/** 0:07, 12:40. */
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = new Intl.NumberFormat(locale(), { minimumIntegerDigits: 2 });
  return `${number(Math.floor(seconds / 60))}:${two.format(seconds % 60)}`;
}

/** The agents of a session, the one who is here first. */
export function agents(people: readonly Person[]): Person[] {
  return people.filter(p => p.role === 'agent').sort((a, b) => Number(b.online) - Number(a.online));
}

/** Who comes and goes. */
export const came = (person: Person): string => t('people.here', { who: called(person, t('name.somebody')) });
export const left = (person: Person): string => t('people.left', { who: called(person, t('name.somebody')) });
export const writes = (person: Person | undefined): string => t('people.writes', { who: called(person, t('name.somebody')) });

/** The way to somebody's browser and back, in words for who has little room and for who has more. */
export function connection(delay: number): { level: 'good' | 'fair' | 'poor'; short: string; sentence: string } {
  const level = delay <= 150 ? 'good' : delay <= 400 ? 'fair' : 'poor';
  const short = level === 'good' ? t('delay.milliseconds', { n: delay }) : t(`delay.${level}`, { n: delay });
  return { level, short, sentence: t(`delay.${level}-sentence`, { n: delay }) };
}

/** A name for sentences; an agent may have come without one. */
export function called(person: Pick<Person, 'name' | 'role'> | undefined, otherwise = t('name.your-helper')): string {
  return person?.name.trim() || otherwise;
}

/** An address as people read it: host first, no scheme when it is the usual one, nothing that hides the host. */
export function readable(address: string): { host: string; rest: string; secure: boolean } | null {
  try {
    const url = new URL(address);
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return null;
    const rest = url.pathname === '/' && !url.search && !url.hash ? '' : url.pathname + url.search + url.hash;
    return { host: url.host, rest, secure: url.protocol === 'https:' };
  } catch {
    return null;
  }
}

/** What somebody can do whose network lets no WebSocket through, to which hosts it would have to. */
export function blockedDetail(hosts: string): string {
  return t('blocked.detail', { hosts });
}
