// The session's tabs at the visitor: one frame each, of which one is in front.

import { t } from '../ui/catalogue';
import type { TabState, View } from '../protocol';
import type { Urls } from '../url';
import type { Doc } from './documents';

export interface Tab {
  readonly id: number;
  readonly frame: HTMLIFrameElement;
  url: string;
  title: string;
  /** The name given by window.open. */
  name: string;
  /** Who opened it by script, and what they call it. */
  opener: { doc: Doc; id: string } | null;
  view: View | null;
  /** It is on its way to a page, or that is not complete yet. */
  loading: boolean;
  /** The document that stands in for one that has no script of ours; 0 for none. */
  standIn: number;
}

/** Pages may open tabs by themselves; this many at most. */
const most = 20;

/** Marks the names of frames that a page opened (twin: hooks/open.ts). */
const opened = 'tandem-opened:';

const sandbox = 'allow-scripts allow-same-origin allow-forms allow-modals allow-downloads allow-pointer-lock';
// Everything else a page might ask the visitor for would be asked in the name of our host.
const allow = 'autoplay; clipboard-write; encrypted-media; fullscreen; picture-in-picture';

export class Frames {
  #parent: HTMLElement;
  #urls: Urls;
  #changed: () => void;
  #loaded: (tab: Tab) => void;
  #tabs: Tab[] = [];
  #active: Tab | null = null;
  #lastId = 0;

  constructor(parent: HTMLElement, urls: Urls, changed: () => void, loaded: (tab: Tab) => void) {
    this.#parent = parent;
    this.#urls = urls;
    this.#changed = changed;
    this.#loaded = loaded;
  }

  get active(): Tab | null { return this.#active; }
  get(id: number): Tab | undefined { return this.#tabs.find(t => t.id === id); }
  all(): readonly Tab[] { return this.#tabs; }

  /**
   * Opens a site's address in a new tab, in front unless told otherwise. Null when there are too many. `foreign` says
   * that no person of the session asked for it.
   */
  open(url: string, options: {
    id?: number; title?: string; name?: string; opener?: Tab['opener']; alone?: boolean; behind?: boolean; foreign?: boolean;
  } = {}): Tab | null {
    if (this.#tabs.length >= most) return null;
    const id = options.id ?? this.#lastId + 1;
    this.#lastId = Math.max(this.#lastId, id);
    const frame = document.createElement('iframe');
    frame.setAttribute('sandbox', sandbox);
    frame.allow = allow;
    frame.title = options.title || t('shell.page');
    // Tells the sync script that there is an opener, before any script of the page asks.
    if (options.opener && !options.alone) frame.name = opened + (options.name ?? '');
    const tab: Tab = { id, frame, url, title: options.title ?? '', name: options.name ?? '', opener: options.opener ?? null, view: null, loading: false, standIn: 0 };
    this.#tabs.push(tab);
    const address = this.#address(url);
    this.#asks(tab, options.foreign ?? false);
    tab.loading = address !== '';
    if (address) frame.src = address;
    frame.addEventListener('load', () => {
      this.loading(tab, false);
      this.#loaded(tab);
    });
    this.#parent.append(frame);
    if (options.behind && this.#active) this.#place(tab);
    else this.activate(id);
    return tab;
  }

  activate(id: number): boolean {
    const tab = this.get(id);
    if (!tab) return false;
    this.#active = tab;
    this.#tabs.forEach(t => this.#place(t));
    this.#changed();
    return true;
  }

  /** Goes to a site's address; false when that is not one a tab can show. */
  navigate(tab: Tab, url: string, foreign = false): boolean {
    const address = this.#address(url);
    if (!address) return false;
    tab.url = url;
    this.#asks(tab, foreign);
    tab.frame.src = address;
    tab.loading = true;
    this.#changed();
    return true;
  }

  loading(tab: Tab, loading: boolean): void {
    if (tab.loading === loading) return;
    tab.loading = loading;
    this.#changed();
  }

  /** Gives up the way to a tab's first page. */
  blank(tab: Tab): void {
    tab.frame.src = 'about:blank';
    this.loading(tab, false);
  }

  /** Closes a tab. The last one stays: without it there would be nothing to share. */
  close(tab: Tab): boolean {
    if (this.#tabs.length < 2 || !this.#tabs.includes(tab)) return false;
    const at = this.#tabs.indexOf(tab);
    this.#tabs.splice(at, 1);
    tab.frame.remove();
    if (this.#active === tab) this.activate((this.#tabs[at - 1] ?? this.#tabs[0]!).id);
    else this.#changed();
    return true;
  }

  /** The tab whose frame a window is, or is inside of. */
  of(window: MessageEventSource): { tab: number; main: boolean } | null {
    let outer = window as Window;
    // A hostile page may nest deeply; a window whose parent is itself is a top window.
    for (let depth = 0; depth < 100 && outer.parent !== self && outer.parent !== outer; depth++) outer = outer.parent;
    const tab = this.#tabs.find(t => t.frame.contentWindow === outer);
    return tab ? { tab: tab.id, main: outer === window } : null;
  }

  states(): TabState[] {
    return this.#tabs.map(t => ({ tab: t.id, url: t.url, title: t.title, active: t === this.#active, loading: t.loading }));
  }

  clear(): void {
    this.#tabs.forEach(t => t.frame.remove());
    this.#tabs = [];
    this.#active = null;
  }

  /**
   * The server takes our Referer for a person's wish, upon which a site gets even its SameSite=Strict cookies. What a
   * page opens must not pass for that: without a Referer it counts as asked for by another site.
   */
  #asks(tab: Tab, foreign: boolean): void {
    tab.frame.referrerPolicy = foreign ? 'no-referrer' : '';
  }

  /** Tabs behind keep their size, because a page notices when it has none. */
  #place(tab: Tab): void {
    const front = tab === this.#active;
    if (front) tab.frame.setAttribute('data-tandem', 'tab');
    else tab.frame.removeAttribute('data-tandem');
    tab.frame.classList.toggle('behind', !front);
    tab.frame.inert = !front;
  }

  /** The proxied address; "" for what is no site's. */
  #address(url: string): string {
    if (!/^https?:\/\//i.test(url)) return '';
    const address = this.#urls.map(url);
    return address === url && !this.#own(url) ? '' : address;
  }

  /** A proxied address comes back from map as it is; that is fine when it is this session's. */
  #own(url: string): boolean {
    return this.#urls.unmap(url) !== url;
  }
}
