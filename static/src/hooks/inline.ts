// Code that has to be of a realm's own, without a script of ours in it.

import * as dom from './dom';
import { method, type Any, type Native } from '../natives';
import type { Realm } from '../realm';

const createText = method((globalThis as Any).Document?.prototype, 'createTextNode') as (d: Document, data: string) => Text;

/** A function of a hooked realm, made as its policy allows: the Function constructor would be eval to it. */
export function functionOf(realm: Realm, parameters: string, body: string): Native | undefined {
  const { global } = realm;
  const document = dom.documentOf(global);
  const root = dom.documentElement(document);
  if (!root) return undefined;
  const script = dom.createElement(document, 'script') as Element;
  dom.setAttribute(script, 'nonce', realm.config.nonce);
  dom.appendChild(script, createText(document, `$tandem.made(function (${parameters}) { ${body} })`));
  dom.appendChild(root, script);
  dom.removeNode(script);
  const result = made;
  made = undefined;
  return result;
}

let made: Native | undefined;

/** Takes in what the script made. */
export const takeMade = (fn: Native): void => { made = fn; };
