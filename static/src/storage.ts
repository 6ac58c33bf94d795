// Entry: a page of ours on a site's host, in a frame of the shell that nobody sees. It hands over what the site keeps in
// this browser, and puts it into the next one before a page of the site begins. It has a page's authority: what
// it says may be the site's invention, and concerns the site alone.

import { putAll, readAll } from './databases';

/** In characters; browsers let an origin keep about as much. */
const most = 5 << 20;

type Entries = [name: string, value: string][];

const shell = document.documentElement.dataset['shell'] ?? '';

addEventListener('message', ({ source, origin, data }) => {
  if (source !== parent || origin !== shell) return;
  void (data?.put ? putBack(data.put) : handOver()).then(answer => parent.postMessage(answer, shell));
});

interface Kept {
  local: Entries;
  session: Entries;
  databases: string;
}

async function handOver(): Promise<{ kept: Kept; whole: boolean }> {
  size = 0;
  const [local, session] = [all(localStorage), all(sessionStorage)];
  const { text, whole } = await readAll(most - size).catch(() => ({ text: '[]', whole: false }));
  return { kept: { local, session, databases: text }, whole: whole && size <= most };
}

async function putBack({ local, session, databases }: Kept): Promise<{ put: boolean }> {
  const stored = put(localStorage, local) && put(sessionStorage, session);
  return { put: await putAll(databases).catch(() => false) && stored };
}

let size = 0;

/** Everything, as far as it fits. */
function all(storage: Storage): Entries {
  const entries: Entries = [];
  for (let i = 0; i < storage.length; i++) {
    const name = storage.key(i)!;
    const value = storage.getItem(name) ?? '';
    size += name.length + value.length;
    if (size <= most) entries.push([name, value]);
  }
  return entries;
}

function put(storage: Storage, entries: Entries): boolean {
  try {
    for (const [name, value] of entries) storage.setItem(name, value);
    return true;
  } catch {
    return false; // this browser lets it keep less
  }
}

parent.postMessage({ ready: true }, shell);
