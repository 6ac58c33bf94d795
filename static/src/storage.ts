// Entry: a page of ours on a site's host, in a frame of the shell that nobody sees. It hands over what the site keeps in
// this browser, and puts it into the next one before a page of the site begins. It has a page's authority: what
// it says may be the site's invention, and concerns the site alone.

/** In characters; browsers let an origin keep about as much. */
const most = 5 << 20;

type Entries = [name: string, value: string][];

const shell = document.documentElement.dataset['shell'] ?? '';

addEventListener('message', ({ source, origin, data }) => {
  if (source !== parent || origin !== shell) return;
  if (data?.put) {
    parent.postMessage({ put: put(localStorage, data.put.local) && put(sessionStorage, data.put.session) }, shell);
  } else {
    size = 0;
    parent.postMessage({ kept: { local: all(localStorage), session: all(sessionStorage) }, whole: size <= most }, shell);
  }
});

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
