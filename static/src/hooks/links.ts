// Links and forms that would leave their window: _blank and unknown names, _top and _parent of the tab's own
// document, and clicks with Ctrl, Meta, Shift or the middle button. Our frame's sandbox stops all of these, so what
// we fail to see does nothing, rather than leaving the session.

import {
  encodeComponent, getter, guard, includes, later, method, NativeURL, NativeWeakSet, setter, slice, startsWith, toLowerCase, weakAdd, weakHas, type Any,
} from '../natives';
import { deputyFor, sendAway, type Entries } from '../ancestors';
import { markFrame } from '../framemarks';
import { isPerformed } from '../performed';
import type { Realm } from '../realm';
import { navigate, tabWindow } from '../runtime';
import * as dom from './dom';
import { entriesOf } from './history';
import { frameNamed, isFrame, openTab } from './open';

const scope = globalThis as Any;
const eventType = getter(scope.Event?.prototype, 'type');
const mouse = scope.MouseEvent?.prototype;
const button = getter(mouse, 'button');
const keys = [getter(mouse, 'ctrlKey'), getter(mouse, 'metaKey'), getter(mouse, 'shiftKey')];
const submitterOf = getter(scope.SubmitEvent?.prototype, 'submitter');
const querySelector = method(scope.Document?.prototype, 'querySelector');
const linkHref = getter(scope.HTMLAnchorElement?.prototype, 'href');
const areaHref = getter(scope.HTMLAreaElement?.prototype, 'href');
const formAction = getter(scope.HTMLFormElement?.prototype, 'action');
const submitAction = getter(scope.HTMLButtonElement?.prototype, 'formAction');
const inputAction = getter(scope.HTMLInputElement?.prototype, 'formAction');
const formEnctype = getter(scope.HTMLFormElement?.prototype, 'enctype');
const formMethod = getter(scope.HTMLFormElement?.prototype, 'method');
const NativeFormData = scope.FormData as typeof FormData;
const NativeParams = scope.URLSearchParams as typeof URLSearchParams;
const appendParam = method(scope.URLSearchParams?.prototype, 'append');
const fileName = getter(scope.File?.prototype, 'name');
const paramsToString = method(scope.URLSearchParams?.prototype, 'toString');
const setSearch = setter(scope.URL?.prototype, 'search');
const hashOf = getter(scope.URL?.prototype, 'hash');
const setHash = setter(scope.URL?.prototype, 'hash');
const hrefOf = getter(scope.URL?.prototype, 'href');

export function hookLinks(realm: Realm): void {
  const { global } = realm;
  const target = () => global as EventTarget;
  const handled = new NativeWeakSet<object>();
  const act = (event: Event, run: (event: Event) => boolean) => {
    if (weakHas(handled, event) || dom.defaultPrevented(event)) return;
    if (!guard(() => run(event), false)) return;
    weakAdd(handled, event);
    dom.preventDefault(event);
  };
  const watch = (type: string, run: (event: Event) => boolean) => {
    // Last, so that the page's own handlers have had their say; and once more in a task, for when they stopped the event.
    realm.listen(target, type, (event: Event) => later(() => act(event, run)), { capture: true, passive: true });
    realm.listen(target, type, (event: Event) => act(event, run), false);
  };
  const click = (event: Event) => followLink(realm, event);
  watch('click', click);
  watch('auxclick', click);
  realm.listen(target, 'submit', (event: Event) => act(event, () => submitElsewhere(realm, dom.eventTarget(event) as HTMLFormElement, submitterOf(event) as Element | null)), false);
  realm.patch.method(global.HTMLFormElement?.prototype, 'submit', (native, self, args) => {
    if (guard(() => submitElsewhere(realm, self as HTMLFormElement, null), false)) return undefined;
    return native(self, args);
  });
}

/** The link an event goes to, if any. */
function linkOf(event: Event): Element | undefined {
  const path = dom.composedPath(event);
  for (let i = 0; i < path.length; i++) {
    const node = path[i] as unknown;
    if (!dom.isElement(node)) continue;
    const name = dom.localName(node);
    if ((name === 'a' || name === 'area') && dom.hasAttribute(node, 'href')) return node;
  }
  return undefined;
}

function targetOf(element: Element, attribute: string): string {
  const own = dom.getAttribute(element, attribute);
  if (own !== null) return own;
  const base = querySelector(dom.ownerDocument(element), 'base[target]') as Element | null;
  return (base && dom.getAttribute(base, 'target')) ?? '';
}

/** Follows a link that leaves its window; false when the browser can do it. */
function followLink(realm: Realm, event: Event): boolean {
  const link = linkOf(event);
  if (!link || dom.hasAttribute(link, 'download')) return false;
  if (eventType(event) === 'auxclick' && (button(event) !== 1 || !event.isTrusted && !isPerformed(event))) return false;
  const url = (dom.localName(link) === 'area' ? areaHref : linkHref)(link) as unknown;
  if (typeof url !== 'string' || url === '' || startsWith(toLowerCase(slice(url, 0, 11)), 'javascript:')) return false;
  const modified = eventType(event) === 'auxclick' || keys[0](event) || keys[1](event) || keys[2](event);
  const place = modified ? 'tab' : placeOf(realm, targetOf(link, 'target'));
  if (place === 'native') {
    if (frameNamed(realm, targetOf(link, 'target'))) markFrame(realm, url);
    return false;
  }
  if (place === 'tab') openTab(realm, url, modified ? '' : nameOf(targetOf(link, 'target')), opener(link));
  else navigate(realm, place, url);
  return true;
}

/** The browser's own business, a new tab, or a window that we have to navigate. */
type Place = Any;

function placeOf(realm: Realm, target: string): Place {
  const name = toLowerCase(target);
  if (name === '' || name === '_self') return 'native';
  if (name === '_top') return tabWindow(realm.global) as Any;
  if (name === '_parent') return (realm.main ? realm.global : realm.global.parent) as Any;
  if (name === '_blank' || !isFrame(realm, target)) return 'tab';
  const frame = frameNamed(realm, target) as Any;
  return frame && deputyFor(frame) !== undefined ? frame : 'native';
}

const nameOf = (target: string): string => (toLowerCase(target) === '_blank' ? '' : target);

/** Links to new windows have no opener unless they ask for one (HTML §4.6.7.12). */
function opener(link: Element): string {
  const rel = toLowerCase(dom.getAttribute(link, 'rel') ?? '');
  const blank = toLowerCase(dom.getAttribute(link, 'target') ?? '') === '_blank';
  if (includes(rel, 'noopener') || includes(rel, 'noreferrer')) return 'noopener';
  return blank && !includes(rel, 'opener') ? 'noopener' : '';
}

/** Submits a form that goes to another window; false when the browser can do it. */
function submitElsewhere(realm: Realm, form: HTMLFormElement, submitter: Element | null): boolean {
  const own = submitter && dom.getAttribute(submitter, 'formtarget');
  const target = own ?? targetOf(form, 'target');
  const place = placeOf(realm, target);
  const post = ((submitter && dom.getAttribute(submitter, 'formmethod')) ?? (formMethod(form) as string)) === 'post';
  if (place === 'native') {
    if (frameNamed(realm, target)) markFrame(realm, post ? actionOf(form, submitter) : queryAddress(form, submitter));
    return false;
  }
  if (post) {
    if (place === 'tab' && postInTab(realm, form, submitter, nameOf(target))) return true;
    if (place === 'tab' || deputyFor(place) === undefined) {
      submitHere(form, submitter);
      return false;
    }
    const enctype = enctypeOf(form, submitter);
    const name = target[0] === '_' ? undefined : target;
    const data = entriesOf(new NativeFormData(form, submitter as HTMLElement | null));
    return sendAway(realm, place, { url: actionOf(form, submitter), data, enctype, name });
  }
  const address = queryAddress(form, submitter);
  if (place === 'tab') openTab(realm, address, nameOf(target), 'noopener');
  else navigate(realm, place, address);
  return true;
}

const enctypeOf = (form: HTMLFormElement, submitter: Element | null): string =>
  (submitter && dom.getAttribute(submitter, 'formenctype')) ?? (formEnctype(form) as string);

/** Posts a form in a new tab. The server is given what it holds, for the browser opens a tab without; false where that was too much. */
function postInTab(realm: Realm, form: HTMLFormElement, submitter: Element | null, name: string): boolean {
  const address = actionOf(form, submitter), enctype = enctypeOf(form, submitter);
  const data = new NativeFormData(form, submitter as HTMLElement | null);
  const to = '/.tandem/opens?form=' + encodeComponent(realm.urls.unmap(address));
  const kept = enctype === 'multipart/form-data' ? realm.post(to, data) : realm.post(to, textOf(entriesOf(data), enctype), enctype);
  if (kept === undefined) return false;
  openTab(realm, address, name, 'noopener');
  return true;
}

/** What a form holds, as text. Of files it is their names. */
function textOf(entries: Entries, enctype: string): string {
  const params = new NativeParams();
  let plain = '';
  for (let i = 0; i < entries.length; i++) {
    const name = entries[i]![0], value = entries[i]![1] as Any;
    const text = typeof value === 'string' ? value : fileName(value) as string;
    if (enctype === 'text/plain') plain += `${name}=${text}\r\n`;
    else appendParam(params, name, text);
  }
  return enctype === 'text/plain' ? plain : paramsToString(params) as string;
}

/** Where a form goes that does not post. */
function queryAddress(form: HTMLFormElement, submitter: Element | null): string {
  const url = new NativeURL(actionOf(form, submitter));
  const hash = hashOf(url) as string;
  setHash(url, '');
  setSearch(url, '');
  const data = new NativeParams(new NativeFormData(form, submitter as HTMLElement | null) as Any);
  return `${hrefOf(url) as string}?${paramsToString(data) as string}${hash}`;
}

function actionOf(form: HTMLFormElement, submitter: Element | null): string {
  if (submitter && dom.hasAttribute(submitter, 'formaction')) {
    return (dom.localName(submitter) === 'input' ? inputAction : submitAction)(submitter) as string;
  }
  return formAction(form) as string;
}

/** A form that holds too much for a tab goes where it can be seen: into this window. */
function submitHere(form: Element, submitter: Element | null): void {
  const element = submitter && dom.hasAttribute(submitter, 'formtarget') ? submitter : form;
  const name = element === form ? 'target' : 'formtarget';
  const before = dom.getAttribute(element, name);
  dom.setAttribute(element, name, '_self');
  later(() => (before === null ? dom.removeAttribute(element, name) : dom.setAttribute(element, name, before)));
}
