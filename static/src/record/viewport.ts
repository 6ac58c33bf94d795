// How the leader sees the page: the size of the viewport, and what the browser
// answers to questions of style sheets that another browser may answer otherwise.

import type { FromDocument } from '../port';
import type { Realm } from '../realm';
import { getter, guard, listen, method } from './dom';

const innerWidthOf = getter<number>(globalThis, 'innerWidth');
const innerHeightOf = getter<number>(globalThis, 'innerHeight');
const pixelRatioOf = getter<number>(globalThis, 'devicePixelRatio');
const screenOf = getter<Screen>(globalThis, 'screen');
const screenWidth = getter<number>(Screen.prototype, 'width');
const screenHeight = getter<number>(Screen.prototype, 'height');
const matchMediaOf = method<[string], MediaQueryList>(globalThis, 'matchMedia');
const matchesOf = getter<boolean>(MediaQueryList.prototype, 'matches');

/** Features of the browser and its user, with what they may be. Of some several hold. */
const FEATURES: Record<string, string[]> = {
  'prefers-color-scheme': ['light', 'dark'],
  'prefers-reduced-motion': ['no-preference', 'reduce'],
  'prefers-reduced-transparency': ['no-preference', 'reduce'],
  'prefers-reduced-data': ['no-preference', 'reduce'],
  'prefers-contrast': ['no-preference', 'more', 'less', 'custom'],
  'forced-colors': ['none', 'active'],
  'inverted-colors': ['none', 'inverted'],
  'hover': ['none', 'hover'],
  'any-hover': ['none', 'hover'],
  'pointer': ['none', 'coarse', 'fine'],
  'any-pointer': ['none', 'coarse', 'fine'],
  'display-mode': ['browser', 'standalone', 'minimal-ui', 'fullscreen', 'window-controls-overlay', 'picture-in-picture'],
  'color-gamut': ['srgb', 'p3', 'rec2020'],
  'dynamic-range': ['standard', 'high'],
  'video-dynamic-range': ['standard', 'high'],
  'update': ['none', 'slow', 'fast'],
  'scripting': ['none', 'initial-only', 'enabled'],
};

export class Viewport {
  private readonly queries: { answer: string; list: MediaQueryList }[] = [];
  private sent = '';

  constructor(private readonly realm: Realm, private readonly send: (message: FromDocument) => void) {
    const report = () => this.report();
    realm.listen(() => realm.global as Window, 'resize', report, { capture: true, passive: true });
    for (const [feature, values] of Object.entries(FEATURES)) {
      for (const value of values) {
        const list = guard(() => matchMediaOf(realm.global as Window, `(${feature}: ${value})`), null);
        if (list === null) continue;
        this.queries.push({ answer: `${feature}:${value}`, list });
        listen(list, 'change', report);
      }
    }
  }

  /** Tells all of it again next time. */
  restart(): void {
    this.sent = '';
  }

  /** Tells what has changed since it was told. */
  report(): void {
    const window = this.realm.global as Window;
    const view = { width: innerWidthOf(window), height: innerHeightOf(window), dpr: pixelRatioOf(window), media: this.answers(window) };
    const text = `${view.width},${view.height},${view.dpr},${view.media.join()}`;
    if (text === this.sent || view.width === 0) return;
    this.sent = text;
    this.send({ type: 'view', ...view });
  }

  private answers(window: Window): string[] {
    const screen = screenOf(window);
    const out = [`device-width:${screenWidth(screen)}`, `device-height:${screenHeight(screen)}`];
    for (const { answer, list } of this.queries) if (matchesOf(list)) out.push(answer);
    return out;
  }
}
