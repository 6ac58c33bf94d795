// What people point out in a page: strokes drawn over it, frames around elements, and the text they selected. The
// element lies over the content like the cursors; while something is being drawn it takes the pointer. All of it is
// tied to the page and not to the screen, so it stays where it belongs when the page scrolls or has another size.

export const strokeKind = ['ink', 'box', 'arrow'] as const;
export type StrokeKind = (typeof strokeKind)[number];

/** Points are x and y in turn, CSS pixels from the page's top left. */
export interface Stroke {
  doc: number;
  kind: StrokeKind;
  points: number[];
  fade: boolean;
}

export interface Point { x: number; y: number }
export interface Rect extends Point { width: number; height: number }
/** Anchor node, anchor offset, focus node, focus offset. */
export type Selected = number[];

/** Where things are now, in CSS pixels of the shown tab's viewport; null, or nothing, when that is elsewhere. */
export interface Whereabouts {
  /** The document a stroke is drawn on. */
  page(): number | null;
  /** The top left of a page. */
  origin(doc: number): Promise<Point | null>;
  box(doc: number, node: number): Promise<Rect | null>;
  text(doc: number, selected: Selected): Promise<Rect[]>;
}

export interface MarksOptions {
  where: Whereabouts;
  color(from: string): string;
  name(from: string): string;
  /** Something was drawn here; longer strokes come in parts. */
  drawn(stroke: Stroke): void;
}

const fadesAfter = 4000; // ms
/** Longer than somebody who types is silent about it. */
const typesFor = 3000; // ms
const partEvery = 150; // ms
const pointsEvery = 3; // CSS pixels
const mostPoints = 400; // in a part
const mostStrokes = 600;

const sheet = `
:host { position: absolute; inset: 0; overflow: hidden; pointer-events: none; contain: strict; direction: ltr; z-index: 1; }
:host([drawing]) { pointer-events: auto; cursor: crosshair; touch-action: none; }
svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: hidden; }
path { fill: none; stroke-width: 4; stroke-linecap: round; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.under { stroke: #fff; stroke-width: 7; opacity: .7; }
.fade { animation: fade ${fadesAfter}ms ease-in forwards; }
@keyframes fade { 0%, 60% { opacity: 1; } 100% { opacity: 0; } }
rect { fill: none; stroke-width: 3; rx: 4px; }
rect.text { fill-opacity: .3; stroke: none; rx: 1px; }
rect.typing { stroke-width: 2; }
text { font: 600 12px/1.4 system-ui, sans-serif; stroke: #fff; stroke-width: 3px; paint-order: stroke; }
`;

const SVG = 'http://www.w3.org/2000/svg';

/** What is under all strokes is drawn apart, so that the parts of a long one join. */
interface Drawn { stroke: Stroke; groups: SVGGElement[] }
interface Framed { doc: number; node: number; from: string }

export class Marks extends HTMLElement {
  #root = this.attachShadow({ mode: 'closed' });
  #svg = document.createElementNS(SVG, 'svg');
  #boxes = document.createElementNS(SVG, 'g');
  #under = document.createElementNS(SVG, 'g');
  #options: MarksOptions | null = null;
  #drawn: Drawn[] = [];
  #frames: Framed[] = [];
  #selected = new Map<string, { doc: number; selected: Selected }>();
  #typing = new Map<string, { doc: number; node: number; over: number }>();
  #scale = 1;
  #tool: StrokeKind | null = null;
  #fade = true;
  #placing = false;
  #again = false;

  constructor() {
    super();
    const style = new CSSStyleSheet();
    style.replaceSync(sheet);
    this.#root.adoptedStyleSheets = [style];
    this.#svg.append(this.#boxes, this.#under);
    this.#root.append(this.#svg);
    this.addEventListener('pointerdown', event => void this.#begin(event));
  }

  connectedCallback(): void {
    this.setAttribute('aria-hidden', 'true');
  }

  set options(options: MarksOptions) { this.#options = options; }

  /** How many pixels of this element a CSS pixel of the viewport takes. */
  set scale(scale: number) {
    this.#scale = scale;
    this.moved();
  }

  /** With a tool the pointer draws; to put frames around elements it stays the page's. */
  use(tool: StrokeKind | 'frame' | null, fade: boolean): void {
    this.#tool = tool === 'frame' ? null : tool;
    this.#fade = fade;
    this.toggleAttribute('drawing', this.#tool !== null);
    this.toggleAttribute('framing', tool === 'frame');
  }

  draw(from: string, stroke: Stroke): void {
    const groups = outline(stroke.kind, stroke.points, this.#options?.color(from) ?? '#000');
    for (const group of groups) {
      group.style.visibility = 'hidden'; // until it is known where
      if (stroke.fade) group.classList.add('fade');
    }
    const drawn = { stroke, groups };
    if (stroke.fade) setTimeout(() => this.#forget(drawn), fadesAfter);
    this.#drawn.push(drawn);
    if (this.#drawn.length > mostStrokes) this.#forget(this.#drawn[0]!);
    this.#under.append(groups[0]);
    this.#svg.append(groups[1]);
    this.moved();
  }

  /** Puts a frame around an element, or takes it away when it has one. */
  frame(from: string, doc: number, node: number): void {
    const known = this.#frames.findIndex(f => f.doc === doc && f.node === node);
    if (known >= 0) this.#frames.splice(known, 1);
    else this.#frames.push({ doc, node, from });
    if (this.#frames.length > 50) this.#frames.shift();
    this.moved();
  }

  select(from: string, doc: number, selected: Selected | null): void {
    if (selected?.length === 4) this.#selected.set(from, { doc, selected });
    else this.#selected.delete(from);
    this.moved();
  }

  /** Somebody types in a field. */
  typing(from: string, doc: number, node: number): void {
    clearTimeout(this.#typing.get(from)?.over);
    const over = setTimeout(() => {
      this.#typing.delete(from);
      this.moved();
    }, typesFor);
    this.#typing.set(from, { doc, node, over });
    this.moved();
  }

  erase(): void {
    for (const drawn of [...this.#drawn]) this.#forget(drawn);
    this.#frames = [];
    this.moved();
  }

  /** A page is no longer there, or all of them without a number. */
  gone(doc?: number): void {
    const of = (other: number) => doc === undefined || other === doc;
    for (const drawn of this.#drawn.filter(d => of(d.stroke.doc))) this.#forget(drawn);
    this.#frames = this.#frames.filter(f => !of(f.doc));
    for (const [from, s] of this.#selected) if (of(s.doc)) this.#selected.delete(from);
    for (const [from, t] of this.#typing) if (of(t.doc)) this.#typing.delete(from);
    this.moved();
  }

  /** The page scrolled or changed: looks where everything is now. */
  moved(): void {
    this.#again = true;
    if (!this.#placing) void this.#place();
  }

  #forget(drawn: Drawn): void {
    for (const group of drawn.groups) group.remove();
    const i = this.#drawn.indexOf(drawn);
    if (i >= 0) this.#drawn.splice(i, 1);
  }

  async #place(): Promise<void> {
    const where = this.#options?.where;
    if (!where) return;
    this.#placing = true;
    while (this.#again) {
      this.#again = false;
      const origins = new Map<number, Point | null>();
      for (const doc of new Set(this.#drawn.map(d => d.stroke.doc))) origins.set(doc, await where.origin(doc));
      const boxes: SVGElement[] = [];
      for (const { doc, node, from } of this.#frames) {
        const at = await where.box(doc, node);
        if (at) boxes.push(this.#box(at, from, 'frame', 4));
      }
      for (const [from, { doc, node }] of this.#typing) {
        const at = await where.box(doc, node);
        if (at) boxes.push(this.#box(at, from, 'typing', 2), this.#label(at, from));
      }
      for (const [from, { doc, selected }] of this.#selected) {
        for (const at of await where.text(doc, selected)) boxes.push(this.#box(at, from, 'text', 0));
      }
      this.#boxes.replaceChildren(...boxes);
      for (const { stroke, groups } of this.#drawn) {
        const at = origins.get(stroke.doc);
        for (const group of groups) {
          group.style.visibility = at ? '' : 'hidden';
          if (at) group.setAttribute('transform', `scale(${this.#scale}) translate(${at.x} ${at.y})`);
        }
      }
    }
    this.#placing = false;
  }

  #box(at: Rect, from: string, kind: 'frame' | 'typing' | 'text', around: number): SVGRectElement {
    const rect = document.createElementNS(SVG, 'rect');
    const s = this.#scale;
    const set = (name: string, value: number) => rect.setAttribute(name, String(Math.round(value * 10) / 10));
    set('x', at.x * s - around);
    set('y', at.y * s - around);
    set('width', at.width * s + 2 * around);
    set('height', at.height * s + 2 * around);
    rect.setAttribute('class', kind);
    rect.style[kind === 'text' ? 'fill' : 'stroke'] = this.#options?.color(from) ?? '#000';
    return rect;
  }

  /** Whose field it is, above it, or below where there is no room. */
  #label(at: Rect, from: string): SVGTextElement {
    const label = document.createElementNS(SVG, 'text');
    const y = at.y * this.#scale;
    label.setAttribute('x', String(at.x * this.#scale));
    label.setAttribute('y', String(y < 18 ? y + at.height * this.#scale + 15 : y - 6));
    label.style.fill = this.#options?.color(from) ?? '#000';
    label.textContent = this.#options?.name(from) ?? '';
    return label;
  }

  /** Follows the pointer from here until it is lifted. */
  async #begin(event: PointerEvent): Promise<void> {
    const tool = this.#tool;
    const options = this.#options;
    const doc = options?.where.page() ?? null;
    if (!tool || !options || doc === null || event.button !== 0) return;
    event.preventDefault();
    const at = (e: PointerEvent): Point => {
      const box = this.getBoundingClientRect();
      return { x: (e.clientX - box.left) / this.#scale, y: (e.clientY - box.top) / this.#scale };
    };
    const points = [at(event)];
    const preview = document.createElementNS(SVG, 'g');
    preview.setAttribute('transform', `scale(${this.#scale})`);
    this.#svg.append(preview);
    this.setPointerCapture(event.pointerId);
    const origin = options.where.origin(doc);
    let sent = 0;
    let last = performance.now();
    const tell = async (from: number, to: number) => {
      const base = await origin;
      const part = tool === 'ink' ? points.slice(from, to) : [points[0]!, points[points.length - 1]!];
      if (base && part.length > 1) options.drawn({ doc, kind: tool, fade: this.#fade, points: part.flatMap(p => [round(p.x - base.x), round(p.y - base.y)]) });
    };
    const move = (e: PointerEvent) => {
      const next = at(e);
      const before = points[points.length - 1]!;
      if (Math.hypot(next.x - before.x, next.y - before.y) < pointsEvery) return;
      points.push(next);
      const shown = tool === 'ink' ? points.slice(sent) : [points[0]!, next];
      preview.replaceChildren(...outline(tool, shown.flatMap(p => [p.x, p.y]), options.color('')));
      if (tool !== 'ink' || (performance.now() - last < partEvery && points.length - sent < mostPoints)) return;
      last = performance.now();
      void tell(sent, points.length);
      sent = points.length - 1; // the next part goes on from there
    };
    const end = () => {
      this.removeEventListener('pointermove', move);
      preview.remove();
      if (points.length - sent > 1) void tell(sent, points.length);
    };
    this.addEventListener('pointermove', move);
    for (const type of ['pointerup', 'pointercancel'] as const) this.addEventListener(type, end, { once: true });
  }
}

const round = (n: number): number => Math.round(n * 10) / 10;

/** Draws a stroke in its colour, with white under it, so that it is seen on every ground. */
function outline(kind: StrokeKind, points: readonly number[], color: string): [under: SVGGElement, over: SVGGElement] {
  const d = kind === 'box' ? boxPath(points) : kind === 'arrow' ? arrowPath(points) : inkPath(points);
  const layer = (under: boolean) => {
    const group = document.createElementNS(SVG, 'g');
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', d);
    if (under) path.setAttribute('class', 'under');
    else path.style.stroke = color;
    group.append(path);
    return group;
  };
  return [layer(true), layer(false)];
}

function inkPath(points: readonly number[]): string {
  let d = '';
  for (let i = 0; i + 1 < points.length; i += 2) d += `${i === 0 ? 'M' : 'L'}${points[i]} ${points[i + 1]}`;
  return d;
}

function boxPath([x1 = 0, y1 = 0, x2 = 0, y2 = 0]: readonly number[]): string {
  return `M${x1} ${y1}H${x2}V${y2}H${x1}Z`;
}

function arrowPath([x1 = 0, y1 = 0, x2 = 0, y2 = 0]: readonly number[]): string {
  const angle = Math.atan2(y2 - y1, x2 - x1);
  const size = Math.min(18, Math.hypot(x2 - x1, y2 - y1) / 2);
  const barb = (turn: number) => `${round(x2 - size * Math.cos(angle + turn))} ${round(y2 - size * Math.sin(angle + turn))}`;
  return `M${x1} ${y1}L${x2} ${y2}M${barb(0.5)}L${x2} ${y2}L${barb(-0.5)}`;
}

customElements.define('tandem-marks', Marks);
