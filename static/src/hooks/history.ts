// history and the Navigation API. A URL of another origin must throw as it does without us, and with our browser's
// own check it does: the mapped URL is of another origin too.

import { getter, guard, later, method, push, setter, type Any } from '../natives';
import type { Realm } from '../realm';
import { domException, go, navigate } from '../runtime';
import type { Entries, Errand } from '../ancestors';
import { markFrame } from '../framemarks';
import { navigationURL } from '../script';
import { preventDefault, createElement, documentOf, appendChild, documentElement, setAttribute, removeNode } from './dom';
import { unmapInto } from './shared';

const scope = globalThis as Any;
const destinationOf = getter(scope.NavigateEvent?.prototype, 'destination');
const formDataOf = getter(scope.NavigateEvent?.prototype, 'formData');
const cancelable = getter(scope.Event?.prototype, 'cancelable');
const sameDocument = getter(scope.NavigationDestination?.prototype, 'sameDocument');
const urlOf = getter(scope.NavigationDestination?.prototype, 'url');
const isException = getter(scope.DOMException?.prototype, 'name');
const messageOf = getter(scope.DOMException?.prototype, 'message');
const forEachEntry = method(scope.FormData?.prototype, 'forEach');
const NativeTransfer = scope.DataTransfer as typeof DataTransfer;
const itemsOf = getter(scope.DataTransfer?.prototype, 'items');
const filesOf = getter(scope.DataTransfer?.prototype, 'files');
const addFile = method(scope.DataTransferItemList?.prototype, 'add');
const setFiles = setter(scope.HTMLInputElement?.prototype, 'files');
const submit = method(scope.HTMLFormElement?.prototype, 'submit');

export function hookHistory(realm: Realm): void {
  const { patch, global } = realm;
  const names = ['pushState', 'replaceState'];
  for (let i = 0; i < names.length; i++) {
    patch.method(global.History?.prototype, names[i]!, (native, self, args) => {
      if (args.length > 2 && args[2] !== null && args[2] !== undefined) args[2] = realm.map(args[2]);
      try {
        return native(self, args);
      } catch (error) {
        throw translated(realm, error);
      }
    });
  }
  patch.method(global.Navigation?.prototype, 'navigate', (native, self, args) => {
    if (args.length) args[0] = navigationURL(realm, realm.map(args[0]));
    return native(self, args);
  });
  unmapInto(realm, global.NavigationHistoryEntry?.prototype, ['url']);
  unmapInto(realm, global.NavigationDestination?.prototype, ['url']);
  unmapInto(realm, global.HashChangeEvent?.prototype, ['oldURL', 'newURL']);
  if (global.navigation) guardNavigation(realm);
}

/** A DOMException that names proxied URLs, as one that names the site's. */
function translated(realm: Realm, error: Any): Any {
  return guard(() => {
    const message = messageOf(error) as string;
    const site = realm.urls.unmapText(message);
    return site === message ? error : domException(site, isException(error));
  }, error);
}

/** Turns a navigation that no hook saw, to a URL that is not mapped, into one to the mapped URL. */
function guardNavigation(realm: Realm): void {
  const { global } = realm;
  const navigation = global.navigation as EventTarget;
  realm.listen(() => navigation, 'navigate', (event) => {
    const destination = destinationOf(event) as Any, url = urlOf(destination) as string;
    if (!realm.main && !sameDocument(destination)) markFrame(realm, realm.urls.map(url));
    if (realm.urls.map(url) === url || !cancelable(event)) return;
    preventDefault(event);
    const form = formDataOf(event) as FormData | null;
    later(() => (form ? resubmit(realm, { url: realm.urls.map(url), data: entriesOf(form) }) : navigate(realm, global, url)));
  }, { capture: true });
}

/** What a form holds. */
export function entriesOf(data: FormData): Entries {
  const entries: Entries = [];
  forEachEntry(data, (value: unknown, name: string) => push(entries, [name, value]));
  return entries;
}

/** Does to a window what a document below it wants. A form cannot be aimed at a frame in between that has no name. */
export function runErrand(realm: Realm, window: Any, errand: Errand): void {
  if (errand.data) {
    if (window === realm.global || errand.name !== undefined) resubmit(realm, errand);
  } else {
    go(window, errand.url, errand.replace === true);
  }
}

/** Sends a form's data to the mapped address. */
function resubmit(realm: Realm, { url, data, enctype, name }: Errand): void {
  const document = documentOf(realm.global);
  const form = createElement(document, 'form') as HTMLFormElement;
  setAttribute(form, 'method', 'post');
  setAttribute(form, 'action', url);
  setAttribute(form, 'hidden', '');
  setAttribute(form, 'target', name ?? '_self');
  if (enctype !== undefined) setAttribute(form, 'enctype', enctype);
  for (let i = 0; i < data!.length; i++) {
    const key = data![i]![0], value = data![i]![1];
    const input = createElement(document, 'input') as HTMLInputElement;
    setAttribute(input, 'name', key);
    if (typeof value === 'string') {
      setAttribute(input, 'type', 'hidden');
      setAttribute(input, 'value', value);
    } else {
      const transfer = new NativeTransfer();
      addFile(itemsOf(transfer), value);
      setAttribute(form, 'enctype', 'multipart/form-data');
      setAttribute(input, 'type', 'file');
      setFiles(input, filesOf(transfer));
    }
    appendChild(form, input);
  }
  appendChild(documentElement(document)!, form);
  submit(form);
  removeNode(form);
}
