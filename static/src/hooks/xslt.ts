// XSLT by script. A style sheet's imports are fetched while it is compiled; what it makes no other hook has seen.

import { guard, method, startsWith, type Any } from '../natives';
import type { Realm } from '../realm';
import * as dom from './dom';
import { adoptAttributes } from './element';
import { adoptText } from './text';

const scope = globalThis as Any;
const XSL = 'http://www.w3.org/1999/XSL/Transform';
const inDocument = method(scope.Document?.prototype, 'getElementsByTagNameNS');
const inElement = method(scope.Element?.prototype, 'getElementsByTagNameNS');
const allOfDocument = method(scope.Document?.prototype, 'querySelectorAll');
const allOfFragment = method(scope.DocumentFragment?.prototype, 'querySelectorAll');

export function hookXSLT(realm: Realm): void {
  const { patch, global } = realm;
  const processor = global.XSLTProcessor?.prototype as Any;
  patch.method(processor, 'importStylesheet', (native, self, args) => {
    const find = dom.nodeTypeOf(args[0]) === 9 ? inDocument : dom.isElement(args[0]) ? inElement : undefined;
    if (find) {
      mapAll(realm, find(args[0], XSL, 'import'));
      mapAll(realm, find(args[0], XSL, 'include'));
    }
    return native(self, args);
  });
  const made = (name: string, all: Any) => patch.method(processor, name, (native, self, args) => {
    const result = native(self, args) as unknown;
    if (result) guard(() => adoptTree(realm, all(result, '*')), undefined);
    return result;
  });
  made('transformToDocument', allOfDocument);
  made('transformToFragment', allOfFragment);
}

/** Those of the document's own origin: others no browser imports, and the page's thread would wait for them. */
function mapAll(realm: Realm, elements: Any): void {
  for (let i = 0; i < elements.length; i++) {
    const href = dom.getAttribute(elements[i] as Element, 'href'), mapped = href === null ? '' : realm.map(href);
    if (startsWith(mapped, realm.home + '/')) dom.setAttribute(elements[i] as Element, 'href', mapped);
  }
}

function adoptTree(realm: Realm, elements: Any): void {
  for (let i = 0; i < elements.length; i++) {
    adoptAttributes(realm, elements[i] as Element);
    adoptText(realm, elements[i] as Element);
  }
}
