// A host's databases (IndexedDB) as text, and from text again, for a visitor who goes on with another device.

import { read, write, type Table } from './clone';

interface Kept {
  name: string;
  version: number;
  stores: Store[];
}

interface Store {
  name: string;
  path: string | string[] | null;
  counts: boolean;
  indexes: { name: string; path: string | string[]; unique: boolean; multiple: boolean }[];
  records: Record[];
}

/** A key and what is kept under it. */
type Record = [key: Table, value: Table];

/** All databases in up to that many characters; not whole when there was more, or what cannot be moved. */
export async function readAll(room: number): Promise<{ text: string; whole: boolean }> {
  const all: Kept[] = [];
  let whole = true;
  let size = 0;
  for (const { name, version } of await indexedDB.databases()) {
    const kept = name === undefined || version === undefined ? null : await readOne(name).catch(() => null);
    size += kept === null ? 0 : JSON.stringify(kept.database).length;
    whole &&= kept !== null && kept.whole && size <= room;
    if (kept !== null && size <= room) all.push(kept.database);
  }
  return { text: JSON.stringify(all), whole };
}

async function readOne(name: string): Promise<{ database: Kept; whole: boolean }> {
  const db = await done(indexedDB.open(name));
  try {
    const database: Kept = { name, version: db.version, stores: [] };
    const names = [...db.objectStoreNames];
    if (names.length === 0) return { database, whole: true };
    const reading = db.transaction(names); // one, for one moment
    const stores = await Promise.all(names.map(each => readStore(reading.objectStore(each))));
    database.stores = stores.map(({ store }) => store);
    return { database, whole: stores.every(store => store.whole) };
  } finally {
    db.close();
  }
}

async function readStore(of: IDBObjectStore): Promise<{ store: Store; whole: boolean }> {
  const indexes = [...of.indexNames].map(name => of.index(name)).map(index => (
    { name: index.name, path: index.keyPath, unique: index.unique, multiple: index.multiEntry }
  ));
  const written: Promise<Record | null>[] = [];
  await new Promise<void>((resolve, reject) => {
    const walk = of.openCursor();
    walk.onerror = () => reject(walk.error ?? new Error('not read'));
    walk.onsuccess = () => {
      const cursor = walk.result;
      if (cursor === null) return resolve();
      written.push(record(cursor));
      cursor.continue();
    };
  });
  const records = await Promise.all(written);
  const store = { name: of.name, path: of.keyPath, counts: of.autoIncrement, indexes, records: records.filter(each => each !== null) };
  return { store, whole: !records.includes(null) };
}

/** Null for what cannot be moved. */
async function record({ primaryKey, value }: IDBCursorWithValue): Promise<Record | null> {
  try {
    return await Promise.all([write(primaryKey), write(value)]);
  } catch {
    return null;
  }
}

/** Makes the databases anew, in place of those of their names; false when one could not be made. */
export async function putAll(text: string): Promise<boolean> {
  let all = true;
  for (const kept of JSON.parse(text) as Kept[]) all = await putOne(kept).then(() => true, () => false) && all;
  return all;
}

async function putOne(kept: Kept): Promise<void> {
  await done(indexedDB.deleteDatabase(kept.name));
  const opening = indexedDB.open(kept.name, kept.version);
  opening.onupgradeneeded = () => {
    // What fails in here fails the opening, and the whole database stays behind.
    for (const store of kept.stores) putStore(opening.result.createObjectStore(store.name, { keyPath: store.path, autoIncrement: store.counts }), store);
  };
  (await done(opening)).close();
}

function putStore(store: IDBObjectStore, { path, indexes, records }: Store): void {
  for (const index of indexes) store.createIndex(index.name, index.path, { unique: index.unique, multiEntry: index.multiple });
  for (const [key, value] of records) {
    if (path === null) store.put(read(value), read(key) as IDBValidKey);
    else store.put(read(value));
  }
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('failed'));
    if (request instanceof IDBOpenDBRequest) request.onblocked = () => reject(new Error('in use'));
  });
}
