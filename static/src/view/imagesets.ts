// image-set() as the leader's browser chooses: only what that loaded can be had here.

import { measure } from './media';

const SET = /(?:-webkit-)?image-set\(/gi;
const RESOLUTION = /(?:^|\s)([\d.]+(?:e[+-]?\d+)?(?:x|dppx|dpi|dpcm))(?=\s|$)/i;
const TYPE = /\stype\(\s*["']([^"']*)["']\s*\)/i;
/** What both browsers show, whoever of them is older. */
const SHOWN = /^image\/(?:png|jpeg|gif|webp|avif|svg\+xml|bmp|x-icon|vnd\.microsoft\.icon)$/i;

/** Whether there is anything to choose in a text of CSS. */
export const hasImageSet = (css: string): boolean => css.includes('image-set(');

/** A text of CSS with one picture in the place of each set, for so many dots per pixel. */
export function chooseImages(css: string, dots: number): string {
  let out = '', done = 0;
  SET.lastIndex = 0;
  for (let found = SET.exec(css); found !== null; found = SET.exec(css)) {
    const [options, end] = parts(css, SET.lastIndex);
    const chosen = choose(options, dots);
    if (chosen === null || found.index < done) continue;
    out += css.slice(done, found.index) + chosen;
    SET.lastIndex = done = end;
  }
  return out + css.slice(done);
}

/** Chooses the pictures of a rule, and those of the rules within it. */
export function choosePictures(rule: CSSRule, pictures: (css: string) => string): void {
  const { style, cssRules, styleSheet } = rule as CSSStyleRule & CSSImportRule;
  if (style && hasImageSet(style.cssText)) {
    for (const name of Array.from(style)) {
      const value = style.getPropertyValue(name);
      if (hasImageSet(value)) style.setProperty(name, pictures(value), style.getPropertyPriority(name));
    }
  }
  const inner = styleSheet?.cssRules ?? cssRules;
  if (inner) for (const each of inner) choosePictures(each, pictures);
}

/** The least that has enough dots, or else the one with most (CSS Images 4 §5). */
function choose(options: string[], dots: number): string | null {
  let best: { image: string; dots: number } | null = null;
  for (const option of options) {
    const type = TYPE.exec(option)?.[1];
    if (type !== undefined && !SHOWN.test(type)) continue;
    const rest = option.replace(TYPE, ' ');
    const resolution = RESOLUTION.exec(rest);
    const of = resolution === null ? 1 : (measure(resolution[1]!.toLowerCase()) ?? 1);
    const image = (resolution === null ? rest : rest.replace(RESOLUTION, ' ')).trim();
    if (best === null || (best.dots < dots ? of > best.dots : of >= dots && of < best.dots)) best = { image, dots: of };
  }
  if (best === null) return null;
  return /^["']/.test(best.image) ? `url(${best.image})` : best.image;
}

/** What stands between commas up to the closing bracket, and where that ends. */
function parts(css: string, from: number): [parts: string[], end: number] {
  const list: string[] = [];
  let start = from, depth = 0;
  for (let i = from; i < css.length; i++) {
    const c = css[i]!;
    if (c === '\\') i++;
    else if (c === '"' || c === "'") i = stringEnd(css, i) - 1;
    else if (c === '(') depth++;
    else if ((c === ',' || c === ')') && depth === 0) {
      list.push(css.slice(start, i));
      start = i + 1;
      if (c === ')') return [list, start];
    } else if (c === ')') depth--;
  }
  return [[], css.length];
}

function stringEnd(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === text[from]) return i + 1;
  }
  return text.length;
}
