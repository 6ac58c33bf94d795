// The leader's answers to media queries. Sizes need none, since the mirror has the leader's viewport; of the rest
// each browser would speak for itself, so the queries in the mirror's sheets are answered before it is asked.

import { chooseImages, hasImageSet } from './imagesets';

/** A query that always holds, and one that never does. */
const ALWAYS = '(min-width: 0px)';
const NEVER = '(min-width: 99999px)';

/** Features whose value is one of some words. */
const WORDS = new Set([
  'prefers-color-scheme', 'prefers-reduced-motion', 'prefers-reduced-transparency', 'prefers-reduced-data', 'prefers-contrast', 'forced-colors',
  'inverted-colors', 'hover', 'any-hover', 'pointer', 'any-pointer', 'display-mode', 'color-gamut', 'dynamic-range', 'video-dynamic-range',
  'update', 'scripting',
]);
const NO = new Set(['none', 'no-preference']);

const FEATURE = /\(([^()]*)\)/g;
const RANGE = /^(?:([^<>=]+?)\s*(<=?|>=?|=)\s*)?([a-z-]+)(?:\s*(<=?|>=?|=)\s*([^<>=]+))?$/;

export class Answers {
  private readonly words = new Map<string, Set<string>>();
  private readonly numbers = new Map<string, number>();
  /** The features somebody asked about. */
  private readonly asked = new Set<string>();
  private told = '';

  /** Takes the leader's answers. True when what was answered before would be answered otherwise now. */
  set(dpr: number, media: readonly string[]): boolean {
    const told = `${dpr} ${media.join(' ')}`;
    if (told === this.told) return false;
    this.told = told;
    const before = [...this.asked].map((feature) => this.of(feature)).join();
    this.words.clear();
    this.numbers.set('resolution', dpr).set('-webkit-device-pixel-ratio', dpr);
    for (const answer of media) {
      const [feature, value] = answer.split(':') as [string, string];
      if (!WORDS.has(feature)) this.numbers.set(feature, Number(value));
      else this.words.set(feature, (this.words.get(feature) ?? new Set()).add(value));
    }
    return [...this.asked].map((feature) => this.of(feature)).join() !== before;
  }

  /** The colour scheme the leader prefers; '' when that is not known. */
  get scheme(): string {
    return [...(this.words.get('prefers-color-scheme') ?? [])][0] ?? '';
  }

  /** A list of media queries with the leader's answers in the place of questions. */
  answer(media: string): string {
    if (this.words.size === 0 || !media.includes('(')) return media;
    return media.replace(FEATURE, (all, inner: string) => {
      const holds = this.holds(inner.trim().toLowerCase());
      return holds === null ? all : holds ? ALWAYS : NEVER;
    });
  }

  /** A text of CSS with the pictures that the leader's browser chooses. */
  pictures(css: string): string {
    const dots = this.numbers.get('resolution');
    if (dots === undefined || !hasImageSet(css)) return css;
    this.asked.add('resolution');
    return chooseImages(css, dots);
  }

  /** Whether this window's browser may choose other pictures. */
  get choosesOtherwise(): boolean {
    return this.numbers.has('resolution') && this.numbers.get('resolution') !== devicePixelRatio;
  }

  private of(feature: string): string {
    return `${[...(this.words.get(feature) ?? [])].join('|')} ${this.numbers.get(feature)}`;
  }

  /** Whether a feature is as asked; null when that is none of ours. */
  private holds(question: string): boolean | null {
    const [name, value] = question.split(':', 2).map((part) => part.trim()) as [string, string?];
    if (WORDS.has(name)) {
      this.asked.add(name);
      const values = this.words.get(name) ?? new Set();
      return value === undefined ? [...values].some((v) => !NO.has(v)) : values.has(value);
    }
    if (value === undefined) return this.range(question);
    const bound = /^(-webkit-)?(min-|max-)(.+)$/.exec(name);
    const feature = bound ? (bound[1] ?? '') + bound[3]! : name;
    return this.compare(feature, bound === null ? '=' : bound[2] === 'min-' ? '>=' : '<=', value);
  }

  private range(question: string): boolean | null {
    const parts = RANGE.exec(question);
    if (parts === null) return null;
    const [, low, first, feature, second, high] = parts;
    if (!this.numbers.has(feature!)) return null;
    this.asked.add(feature!);
    if (low === undefined && high === undefined) return this.numbers.get(feature!)! > 0;
    const below = low === undefined || this.compare(feature!, TURNED[first!]!, low);
    const above = high === undefined || this.compare(feature!, second!, high);
    return below === null || above === null ? null : below && above;
  }

  private compare(feature: string, sign: string, value: string): boolean | null {
    const own = this.numbers.get(feature);
    const other = measure(value);
    if (own === undefined || other === null) return null;
    this.asked.add(feature);
    switch (sign) {
      case '<': return own < other;
      case '<=': return own <= other;
      case '>': return own > other;
      case '>=': return own >= other;
    }
    return Math.abs(own - other) < 0.001;
  }
}

const TURNED: Record<string, string> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '=': '=' };

/** Pixels and dots per pixel, as numbers; null for what depends on more. */
const UNITS: Record<string, number> = {
  '': 1, px: 1, in: 96, cm: 96 / 2.54, mm: 9.6 / 2.54, pt: 96 / 72, pc: 16, em: 16, rem: 16, dppx: 1, x: 1, dpi: 1 / 96, dpcm: 2.54 / 96,
};

export function measure(value: string): number | null {
  const parts = /^([+-]?\d*\.?\d+(?:e[+-]?\d+)?)([a-z]*)$/.exec(value.trim());
  const unit = parts === null ? undefined : UNITS[parts[2]!];
  return unit === undefined ? null : Number(parts![1]) * unit;
}
