// Digests of a document, by which leader, server and followers find out that one of them has missed something. Only
// what all three have alike goes into one. The twin of the server's session/mirror/digest.go.

/** How one side sees its document. */
export interface Seen {
  /** A node's number; 0 when it has none. */
  id(node: Node): number;
  /** The children, a shadow root first. */
  kids(node: Node): Node[];
  /** The local name of an element; null for a shadow root, undefined for a text. */
  tag(node: Node): string | null | undefined;
  text(node: Node): string;
  attributeNames(element: Element): string[];
  attribute(element: Element, name: string): string | null;
  /** What a field was told to hold, by names of properties, and where an element was scrolled to, "x,y". */
  state(element: Element): State;
}

/** Properties of fields that go into digests once somebody was told of them. */
export const TOLD = ['value', 'checked', 'selected'] as const;
export type Told = (typeof TOLD)[number];

/** What a side was told of an element's state: of the root's scrolling as well, which is the window's. */
export type State = Partial<Record<Told | 'scroll', string>>;

const STATES = [...TOLD, 'scroll'] as const;

/** Elements whose text somebody keeps otherwise. */
const OPAQUE = new Set(['style', 'script', 'noscript', 'textarea', 'template', 'iframe', 'input']);

export class Hash {
  value = 0x811c9dc5; // FNV-1a over UTF-16 units

  unit(u: number): void {
    this.value = Math.imul(this.value ^ u, 0x01000193);
  }

  number(n: number): void {
    const digits = `${n}`;
    for (let i = 0; i < digits.length; i++) this.unit(digits.charCodeAt(i));
  }

  /** Leaves out surrogates, which are not kept alike everywhere. */
  text(s: string): void {
    for (let i = 0; i < s.length; i++) {
      const u = s.charCodeAt(i);
      if (u < 0xd800 || (u > 0xdfff && u !== 0xfffd)) this.unit(u);
    }
  }
}

/** The digest of an element: with what is below it, or only with its texts and the ids of its other children. */
export function digestOf(seen: Seen, element: Element, deep: boolean): string {
  const h = new Hash();
  own(seen, h, element);
  for (const kid of kidsOf(seen, element)) {
    if (deep) below(seen, h, kid, element);
    else if (seen.tag(kid) === undefined) below(seen, h, kid, element);
    else {
      h.number(seen.id(kid));
      h.unit(0x20);
    }
  }
  return (deep ? 'd' : 's') + (h.value >>> 0).toString(36);
}

/** What is in templates nobody sees. */
const kidsOf = (seen: Seen, node: Node): Node[] => (seen.tag(node) === 'template' ? [] : seen.kids(node));

function below(seen: Seen, h: Hash, node: Node, parent: Node): void {
  const tag = seen.tag(node);
  if (tag === undefined) {
    h.unit(0x22);
    h.number(seen.id(node));
    if (!OPAQUE.has(seen.tag(parent) ?? '')) h.text(seen.text(node));
    return;
  }
  if (tag === null) {
    h.unit(0x23);
    h.number(seen.id(node));
  } else own(seen, h, node as Element);
  for (const kid of kidsOf(seen, node)) below(seen, h, kid, node);
  h.unit(0x3e);
}

function own(seen: Seen, h: Hash, element: Element): void {
  const tag = seen.tag(element) ?? '';
  h.unit(0x3c);
  h.number(seen.id(element));
  h.text(/^[a-z][a-z0-9-]*$/.test(tag) && tag !== 'tandem-odd' ? tag : '?');
  let sum = 0;
  for (const name of seen.attributeNames(element)) {
    if (!checked(tag, name)) continue;
    const value = seen.attribute(element, name);
    if (value === null || /url\(|image-set\(/i.test(value)) continue;
    const one = new Hash();
    one.text(name);
    one.unit(0x3d);
    one.text(value);
    sum = (sum + one.value) | 0;
  }
  h.number(sum >>> 1);
  const state = seen.state(element);
  for (const name of STATES) {
    if (state[name] === undefined) continue;
    h.text(name);
    h.unit(0x3d);
    h.text(state[name]);
  }
}

/** Attributes that followers do not have as the leader has them: they load, act, or are told otherwise. */
const UNCHECKED = new Set((
  'src href poster rel content popover preload value srcdoc srcset sizes imagesrcset imagesizes nonce integrity autofocus autoplay ping ' +
  'target action formaction http-equiv is download accesskey crossorigin referrerpolicy loading manifest autocomplete attributionsrc sandbox ' +
  'allow csp data codebase archive classid longdesc cite profile popovertarget command commandfor xmlns shadowrootmode background'
).split(' '));

function checked(tag: string, name: string): boolean {
  if (!/^[a-z][a-z0-9-]*$/.test(name) || name.startsWith('on') || name.startsWith('data-tandem') || UNCHECKED.has(name)) return false;
  switch (tag) {
    case 'script':
    case 'base':
      return false;
    case 'canvas':
    case 'body':
      return name !== 'style';
    case 'dialog':
      return name !== 'open';
    case 'embed':
    case 'object':
      return name !== 'type';
  }
  return true;
}
