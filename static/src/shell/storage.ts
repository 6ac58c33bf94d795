// What sites keep in this browser, for the visitor who goes on with another device: collected there from every host
// that was visited, and put back here before the first page begins. Caches stay behind.

import { any, bool, list, object, text, type Parse } from '../protocol';
import { h } from '../ui/dom';

/** How long a host may take: what does not answer stays behind. */
const patience = 8000; // ms
const address = '/.tandem/storage';
/** Characters all in all. */
const most = 8 << 20;

const entries = list((value: unknown): [string, string] => {
  const [name, held] = list(text(6 << 20), 2)(value);
  return [name ?? '', held ?? ''];
}, 100_000);
const kept = object({ local: entries, session: entries, databases: text(6 << 20) });
type Kept = ReturnType<typeof kept>;

/** Hands in what all hosts keep; false when some of it stays behind. */
export async function handIn(hosts: readonly string[]): Promise<boolean> {
  const answers = await Promise.all(hosts.map(host => read(host).catch(() => null)));
  const all: Record<string, Kept> = {};
  let size = 0;
  let whole = true;
  answers.forEach((answer, at) => {
    size += answer ? JSON.stringify(answer.kept).length : 0;
    whole &&= answer !== null && answer.whole && size <= most;
    if (answer && size <= most) all[hosts[at]!] = answer.kept;
  });
  const { ok } = await fetch(address, { method: 'PUT', body: JSON.stringify(all) });
  return whole && ok;
}

/** Puts back what the other device had; false when some of it could not be. */
export async function takeOver(): Promise<boolean> {
  const answer = await fetch(address, { method: 'POST' });
  if (answer.status !== 200) return false;
  const all = Object.entries(await answer.json() as Record<string, unknown>);
  const put = await Promise.all(all.map(([host, value]) => write(host, kept(value)).catch(() => false)));
  return put.every(done => done);
}

/** The shell's own host has what this page notes for itself. */
async function read(host: string): Promise<{ kept: Kept; whole: boolean }> {
  if (host === location.host) return { kept: { local: [], session: Object.entries(sessionStorage), databases: '[]' }, whole: true };
  return ask(host, {}, object({ kept, whole: bool }));
}

async function write(host: string, value: Kept): Promise<boolean> {
  if (host !== location.host) return ask(host, { put: value }, object({ put: any })).then(answer => answer.put === true);
  for (const [name, held] of value.session) sessionStorage.setItem(name, held);
  return true;
}

/** Asks the page of ours on a site's host, in a frame that is there for as long as that takes. */
async function ask<T>(host: string, question: object, parse: Parse<T>): Promise<T> {
  const origin = `${location.protocol}//${host}`;
  const frame = h('iframe', { src: origin + address, hidden: true });
  const done = new AbortController();
  try {
    return await new Promise<T>((resolve, reject) => {
      setTimeout(() => reject(new Error(`${host} does not answer`)), patience);
      addEventListener('message', event => {
        if (event.source !== frame.contentWindow || event.origin !== origin) return;
        if ((event.data as { ready?: unknown } | null)?.ready === true) return frame.contentWindow?.postMessage(question, origin);
        try {
          resolve(parse(event.data));
        } catch (error) {
          reject(error as Error);
        }
      }, { signal: done.signal });
      document.body.append(frame);
    });
  } finally {
    done.abort();
    frame.remove();
  }
}
