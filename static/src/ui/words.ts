// Sentences that more than one page uses, in words that need no knowledge of how this works.

import type { Mode, Person, Right } from '../protocol';

/** What the agent may do, as the visitor reads it. */
export function rights(agent: string, mode: Mode): string {
  return mode === 'shared'
    ? `${agent} can see this page, and click and type with you`
    : `${agent} can see this page and point`;
}

/** The same from the agent's side. */
export function ownRights(visitor: string, mode: Mode): string {
  return mode === 'shared'
    ? `You can click and type in ${visitor}’s page`
    : `You can see ${visitor}’s page, scroll and point. Clicking and typing are up to ${visitor}`;
}

/** What the visitor can let an agent do, and what the agent is told when that changes. */
export const rightWords: Record<Right, { name: string; given(visitor: string): string; taken(visitor: string): string }> = {
  point: { name: 'Point at things', given: v => `${v} lets you point at things.`, taken: v => `${v} does not want you to point at things.` },
  draw: { name: 'Draw over the page', given: v => `${v} lets you draw.`, taken: v => `${v} does not want you to draw.` },
  scroll: { name: 'Scroll the page', given: v => `${v} lets you scroll.`, taken: v => `${v} does not want you to scroll.` },
  navigate: { name: 'Go to other pages', given: v => `${v} lets you go to other pages.`, taken: v => `${v} does not want you to go to other pages.` },
  tabs: { name: 'Open and close tabs', given: v => `${v} lets you open and close tabs.`, taken: v => `${v} does not want you to open and close tabs.` },
  click: { name: 'Click', given: v => `${v} lets you click.`, taken: v => `${v} does not want you to click.` },
  fill: { name: 'Type in fields', given: v => `${v} lets you type.`, taken: v => `${v} does not want you to type.` },
  upload: { name: 'Hand over files', given: v => `${v} lets you hand over files.`, taken: v => `${v} does not want you to hand over files.` },
};

/** What the visitor is asked in a page's name. */
export const wishWords = {
  print: { question: 'This page would like to print.', yes: 'Print', no: 'Not now' },
  fullscreen: { question: 'This page would like to fill the screen.', yes: 'Fill the screen', no: 'Not now' },
  copy: { question: 'This page would like to put this into your clipboard:', yes: 'Copy', no: 'Not now' },
  pressYourself: 'This page would like to fill the screen. In this browser it can when you press its button yourself.',
  notCopied: 'Your browser did not let this be copied.',
};

/** Going on with another device, at the one before. */
export const moveWords = {
  begin: 'Go on with another device',
  title: 'Go on with another device',
  how: 'Scan this with it, or open the link there. It works once, within two minutes, and you will be asked here before anything moves.',
  link: 'Link for the other device',
  code: 'The link as a code',
  cancel: 'Cancel',
  asks: (check: string): string => `A browser has opened your link. Does your other device show the number ${check}?`,
  left: 'You stay signed in and have the same pages there. What pages keep only in this browser stays behind, and what is typed and not sent is lost.',
  yes: 'Yes, go on there',
  no: 'No',
};

/** What the agent is told when the visitor is asked. */
export const wishTold = {
  print: 'The visitor is asked whether this page may print.',
  fullscreen: 'The visitor is asked whether this page may fill the screen.',
  copy: 'The visitor is asked whether this page may put something into the clipboard.',
};

/** A dialog of the page's at the visitor, as the agent sees it. */
export const dialogWords: Record<string, (visitor: string) => string> = {
  alert: v => `${v} sees a message`,
  confirm: v => `${v} is asked`,
  prompt: v => `${v} is asked to type something`,
  print: v => `${v} sees the print dialog`,
};
export const onlyVisitorAnswers = (visitor: string): string => `Only ${visitor} can answer. Until then the page stands still.`;
export function answerOf(visitor: string, ok: boolean | undefined): string {
  return ok === undefined ? '' : ok ? `${visitor} pressed OK.` : `${visitor} pressed Cancel.`;
}

/** A file that the visitor saves. */
export const savesOwn = (file: string, agent: string): string => `Saving ${file}. ${agent} sees the name, not what is in it.`;
export const saves = (file: string, visitor: string): string => `${visitor} saves ${file}. You see the name only.`;
export function fileWords(name: string, bytes: number | undefined): string {
  const called = name.trim() || 'a file';
  return bytes ? `${called} (${bytes < 1 << 20 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / (1 << 20)).toFixed(1)} MB`})` : called;
}

export const shortMode = (mode: Mode): string => (mode === 'shared' ? 'Both can click' : 'View only');

/** Why something the agent did had no effect in the page, as the visitor's browser says it. */
export function reason(why: string, visitor: string): string {
  switch (why) {
    case 'gone': return 'That part of the page is gone.';
    case 'covered': return 'Something else lies over that now.';
    case 'disabled': return 'The page has this switched off.';
    case 'masked': return 'This is hidden from you.';
    case 'needs-visitor': return `Only ${visitor} can do that.`;
    case 'protected': return `The site keeps this for ${visitor}.`;
    case 'no-files': return 'The page takes no files there.';
    default: return /\s/.test(why) ? why : 'That had no effect in the page.';
  }
}

/** What an operator's rules do on a site, as the visitor reads it before accepting. */
export function treated(treatments: readonly string[]): string[] {
  const all: string[] = [];
  if (treatments.includes('private')) all.push('All texts and pictures on pages of this site, but what has been released');
  if (treatments.includes('mask') || treatments.includes('block')) all.push('Parts of this site that have been marked as private');
  return all;
}

/** What stays the visitor's to use. */
export const keptForYou = (agent: string): string => `Some parts of this site only you can use. ${agent} sees them and cannot press them.`;

/** What the visitor reads at what is hidden. */
export const shortHidden = (agent: string): string => `Hidden from ${agent}`;
export const veilLabel = (agent: string, on: boolean): string =>
  on ? `What is hidden from ${agent} is tinted. Take the tint away` : `Tint what is hidden from ${agent}`;

/** What agents read where something is hidden. */
export const hiddenThere = 'Hidden from you. Only the visitor sees it.';
export const hiddenTyping = 'Hidden from you. You can type here, but not read.';

/** 12 bytes, 3.4 KB, 10 MB. */
export function bytes(size: number): string {
  if (size < 1000) return `${size} bytes`;
  const [n, unit] = size < 1_000_000 ? [size / 1000, 'KB'] : [size / 1_000_000, 'MB'];
  return `${n < 10 ? n.toFixed(1) : Math.round(n)} ${unit}`;
}

/** 0:07, 12:40. */
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** The agents of a session, the one who is here first. */
export function agents(people: readonly Person[]): Person[] {
  return people.filter(p => p.role === 'agent').sort((a, b) => Number(b.online) - Number(a.online));
}

/** Who comes and goes. */
export const came = (person: Person): string => `${called(person, 'Somebody')} is here.`;
export const left = (person: Person): string => `${called(person, 'Somebody')} has left.`;
export const writes = (person: Person | undefined): string => `${called(person, 'Somebody')} is writing…`;

/** The way to somebody's browser and back, in words for who has little room and for who has more. */
export function connection(delay: number): { level: 'good' | 'fair' | 'poor'; short: string; sentence: string } {
  if (delay <= 150) return { level: 'good', short: `${delay} ms`, sentence: `Good connection, ${delay} ms there and back` };
  if (delay <= 400) return { level: 'fair', short: `slow, ${delay} ms`, sentence: `Slow connection, ${delay} ms there and back` };
  return { level: 'poor', short: `very slow, ${delay} ms`, sentence: `Very slow connection, ${delay} ms there and back` };
}

/** A name for sentences; an agent may have come without one. */
export function called(person: Pick<Person, 'name' | 'role'> | undefined, otherwise = 'Your helper'): string {
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
