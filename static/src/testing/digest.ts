// What a document looks like to its mirror, as text that can be compared: one
// line for each node, with site addresses, values and state. It works on the
// leader's document and on the follower's, and uses nothing from outside, so
// that a test can inject it through DevTools:
//
//	api.Transform(source, api.TransformOptions{Loader: api.LoaderTS, Format: api.FormatIIFE, GlobalName: "tandemTest"})
//	tandemTest.digest(document)

export interface DigestOptions {
  /** Goes into same-origin frames. */
  frames?: boolean;
  /** What relative addresses count from, where the document's own address says nothing. */
  base?: string;
  /** Fields whose contents are held back though nothing about them says so now. */
  masked?: (element: Element) => boolean;
  /** A host's closed shadow root, where the caller knows it. */
  shadow?: (host: Element) => ShadowRoot | null;
  /** A host whose shadow tree is left out: closed at the leader, it can only be seen in the mirror. */
  closed?: (host: Element) => boolean;
}

export function digest(document: Document, options: DigestOptions = {}): string {
  const HTML = 'http://www.w3.org/1999/xhtml';
  const lines: string[] = [document.compatMode];
  const skipped = new Set(
    ('srcdoc srcset imagesrcset imagesizes nonce integrity autofocus autoplay ping target action formaction http-equiv is download accesskey ' +
      'crossorigin referrerpolicy loading manifest attributionsrc sandbox allow csp data codebase archive classid longdesc cite profile ' +
      'popovertarget command commandfor xmlns shadowrootmode background autocomplete preload data-tandem-masked').split(' '),
  );

  function decode(host: string): string | null {
    const label = /^([a-z0-9-]+)--[a-z2-7]{12}\./.exec(host)?.[1];
    if (label === undefined) return null;
    const flagged = /^0([sh])(?:p(\d+))?-(.+)$/.exec(label);
    const name = (flagged?.[3] ?? label).replace(/--|-/g, (h) => (h === '--' ? '-' : '.'));
    return `${flagged?.[1] === 'h' ? 'http' : 'https'}://${name}${flagged?.[2] ? ':' + flagged[2] : ''}`;
  }
  /** The site's address behind a proxied one or one of the response store. */
  function site(url: string): string {
    const asset = /^(?:https?:\/\/[^/]+)?\/\.tandem\/a\/[^/]+\/(https?)\/(.*)$/.exec(url);
    if (asset) return `${asset[1]}://${asset[2]}`;
    if (/\/\.tandem\/a\/[^/]+\/blob\//.test(url) || url.startsWith('blob:')) return 'blob:';
    const proxied = /^(?:https?:)?\/\/([^/?#]+)(.*)$/.exec(url);
    const origin = proxied && decode(proxied[1]!);
    return origin ? origin + proxied[2] : url;
  }
  function absolute(url: string): string {
    if (url.startsWith('#') || url.startsWith('data:')) return url;
    try {
      return site(new URL(url, options.base ?? document.baseURI).href);
    } catch {
      return url;
    }
  }
  const css = (text: string): string =>
    plain(text).replace(/url\(\s*(?:"([^"]*)"|'([^']*)'|([^)\s]*))\s*\)/g, (_, a, b, c) => `url(${absolute(a ?? b ?? c)})`);

  /** The mirror's rules ask for the leader's states by attributes. */
  const plain = (text: string): string =>
    text.replace(/:is\((:[\w-]+), \[data-tandem-[\w-]+\]\)/g, '$1').replace(/\[data-tandem-(?!masked)([\w-]+)\]/g, ':$1').replace(/:-webkit-autofill/g, ':autofill');

  /** Media queries as they are answered here. */
  const answered = (text: string): string =>
    text.replace(/\((?:prefers-[\w-]+|forced-colors|inverted-colors|any-hover|hover|any-pointer|pointer|scripting|color-gamut|(?:video-)?dynamic-range|update|display-mode|[\w-]*(?:resolution|device-(?:width|height|pixel-ratio)))(?::[^()]*)?\)/g, (query) =>
      document.defaultView!.matchMedia(query).matches ? '(min-width: 0px)' : '(min-width: 99999px)');

  function masked(element: Element): boolean {
    const purpose = (element.getAttribute('autocomplete') ?? '').toLowerCase();
    return options.masked?.(element) === true || element.hasAttribute('data-tandem-masked') || (element as HTMLInputElement).type === 'password'
      || /(?:^|\s)(?:cc-\S*|one-time-code|\S*-password)(?:\s|$)/.test(purpose);
  }

  function attribute(element: Element, { name, value }: Attr): string | null {
    const lower = name.toLowerCase();
    const tag = element.localName;
    const html = element.namespaceURI === HTML;
    if (lower.startsWith('on') || lower.startsWith('xmlns') || lower.startsWith('data-tandem-') || skipped.has(lower)) return null;
    if (html && (tag === 'script' || tag === 'base')) return null;
    if (lower === 'sizes' && tag !== 'link') return null;
    if (lower === 'open' && tag === 'dialog') return null;
    if (lower === 'selected' && tag === 'option') return null;
    switch (lower) {
      case 'value':
        return tag === 'input' && (masked(element) || (element as HTMLInputElement).type === 'hidden') ? null : value;
      case 'style':
        // The mirror's canvases are images by their style.
        if (tag === 'canvas') return css(value.replace(/\s*content: url\("[^"]*"\);?/, '').trim()) || null;
        // Followers get large numbers as they are, and not as browsers write them.
        return css(/\d{7}|\de\+\d/.test(value) && 'style' in element ? (element as HTMLElement).style.cssText : value);
      case 'src':
        return ['img', 'source', 'audio', 'video', 'track', 'input'].includes(tag) ? absolute(source(element) ?? value) : null;
      case 'poster':
        return value.startsWith('data:image/jpeg') ? null : absolute(value); // of a film without an address
      case 'popover':
        return '';
      case 'type':
        return tag === 'object' || tag === 'embed' ? null : value; // as a follower needs it
      case 'content':
        return /refresh|url\s*=/i.test(value) ? null : value;
      case 'rel':
        return tag === 'link' ? null : value;
      case 'href':
      case 'xlink:href':
        if (tag === 'a' || tag === 'area') return /^\s*(?:javascript|data|vbscript|blob|file):/i.test(value) ? '#' : site(value);
        // A page may have another address by now than when it was loaded.
        if (html) return tag === 'link' && /\bstylesheet\b/i.test(element.getAttribute('rel') ?? '') ? absolute((element as HTMLLinkElement).sheet?.href ?? value) : null;
        return absolute(value);
    }
    return !html && /url\(/i.test(value) ? css(value) : value;
  }

  function source(element: Element): string | null {
    const chosen = element.localName === 'img' && (element.hasAttribute('srcset') || element.parentElement?.localName === 'picture');
    return chosen ? (element as HTMLImageElement).currentSrc || null : null;
  }

  function matches(element: Element, selector: string): boolean {
    try {
      return element.matches(selector);
    } catch {
      return false;
    }
  }

  function state(element: Element): string[] {
    const out: string[] = [];
    const control = element as HTMLInputElement;
    const shown = (value: string) => JSON.stringify(masked(element) ? (value === '' ? '' : '•') : value);
    switch (element.namespaceURI === HTML ? element.localName : '') {
      case 'input':
        if (control.type === 'checkbox' || control.type === 'radio') out.push(`checked=${control.checked}`, `indeterminate=${control.indeterminate}`);
        else if (control.type === 'file') out.push('files=' + JSON.stringify(Array.from(control.files ?? [], (f) => f.name)));
        else if (control.type !== 'hidden') out.push('value=' + shown(control.value));
        break;
      case 'textarea':
        out.push('value=' + shown(control.value));
        break;
      case 'select':
        if (!masked(element)) out.push('selected=' + Array.from((element as HTMLSelectElement).options, (o) => (o.selected ? '1' : '0')).join(''));
        break;
      case 'dialog':
        out.push(`open=${(element as HTMLDialogElement).open}`, `modal=${matches(element, ':modal')}`);
    }
    if (control.validity?.customError) out.push('invalid');
    if (matches(element, ':popover-open')) out.push('popover-open');
    if (!matches(element, ':defined')) out.push('undefined');
    const x = Math.round(element.scrollLeft);
    const y = Math.round(element.scrollTop);
    if (x !== 0 || y !== 0) out.push(`scroll=${x},${y}`);
    return out;
  }

  function rules(sheet: CSSStyleSheet | null): string {
    if (sheet === null) return 'none';
    try {
      const texts = Array.from(sheet.cssRules, (r) => answered(css(r.cssText)));
      return (sheet.disabled ? 'disabled ' : '') + texts.join(' ');
    } catch {
      return 'unreadable';
    }
  }

  function adopted(root: Document | ShadowRoot, indent: string): void {
    for (const sheet of root.adoptedStyleSheets) {
      const text = rules(sheet);
      if (!text.includes('data-tandem-masked')) lines.push(`${indent}@ ${text}`);
    }
  }

  function node(at: Node, indent: string): void {
    if (at.nodeType === 3 || at.nodeType === 4) {
      const parent = at.parentNode as Element;
      const data = (at as Text).data;
      lines.push(indent + JSON.stringify(parent.localName === 'style' ? css(data) : parent.localName === 'textarea' && masked(parent) ? '' : data));
    } else if (at.nodeType === 1) element(at as Element, indent);
  }

  function element(at: Element, indent: string): void {
    const prefix = at.namespaceURI === HTML ? '' : at.namespaceURI!.replace(/.*\//, '') + ':';
    const attributes: string[] = [];
    for (const attr of Array.from(at.attributes)) {
      const value = attribute(at, attr);
      if (value !== null) attributes.push(`${attr.name}=${JSON.stringify(value)}`);
    }
    // A picture may be chosen without a src.
    const chosen = at.localName === 'img' && !at.hasAttribute('src') ? (at as HTMLImageElement).currentSrc : '';
    if (chosen) attributes.push(`src=${JSON.stringify(absolute(chosen))}`);
    lines.push([indent + '<' + prefix + at.localName, ...attributes.sort(), ...state(at)].join(' '));
    const deeper = indent + ' ';
    const html = at.namespaceURI === HTML;
    if (at.localName === 'style') lines.push(`${deeper}@ ${rules((at as HTMLStyleElement).sheet)}`);
    if (at.localName === 'script' || (html && at.localName === 'noscript')) return;
    if (html && at.localName === 'template') {
      for (const child of Array.from((at as HTMLTemplateElement).content.childNodes)) node(child, deeper + '# ');
      return;
    }
    if (html && (at.localName === 'iframe' || at.localName === 'frame')) return frame(at as HTMLIFrameElement, deeper);
    const root = options.closed?.(at) ? null : (at.shadowRoot ?? options.shadow?.(at) ?? null);
    if (root !== null) {
      lines.push(deeper + '#shadow');
      adopted(root, deeper + ' ');
      for (const child of Array.from(root.childNodes)) node(child, deeper + ' ');
    }
    for (const child of Array.from(at.childNodes)) node(child, deeper);
  }

  function frame(at: HTMLIFrameElement, indent: string): void {
    const inner = options.frames === true ? at.contentDocument : null;
    if (inner === null) return;
    for (const line of digest(inner, options).split('\n')) lines.push(indent + '| ' + line);
  }

  adopted(document, '');
  if (document.documentElement !== null) node(document.documentElement, '');
  return lines.join('\n');
}
