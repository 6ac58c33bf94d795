// Code that has to be of a realm's own, without a script of ours in it.

import { getter, method, type Any, type Native } from './natives';
import type { Realm } from './realm';

const scope = globalThis as Any;
const proto = (name: string): Any => scope[name]?.prototype; // a worker has none of these
const documentOf = getter(scope, 'document') as (w: Any) => Document;
const documentElement = getter(proto('Document'), 'documentElement') as (d: Document) => Element | null;
const createElement = method(proto('Document'), 'createElement') as (d: Document, name: string) => Any;
const createText = method(proto('Document'), 'createTextNode') as (d: Document, data: string) => Text;
const setAttribute = method(proto('Element'), 'setAttribute') as (e: Element, name: string, value: string) => void;
const appendChild = method(proto('Node'), 'appendChild') as (n: Node, child: Node) => Node;
const removeNode = method(proto('Element'), 'remove') as (e: Element) => void;

/** A function of a hooked realm, made as its policy allows: the Function constructor would be eval to it. */
export function functionOf(realm: Realm, parameters: string, body: string): Native | undefined {
  const { global } = realm;
  const document = documentOf(global);
  const root = documentElement(document);
  if (!root) return undefined;
  const script = createElement(document, 'script') as Element;
  setAttribute(script, 'nonce', realm.config.nonce);
  appendChild(script, createText(document, `$tandem.made(function (${parameters}) { ${body} })`));
  appendChild(root, script);
  removeNode(script);
  const result = made;
  made = undefined;
  return result;
}

let made: Native | undefined;

/** Takes in what the script made. */
export const takeMade = (fn: Native): void => { made = fn; };
