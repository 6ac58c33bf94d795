// What a page needs its visitor for: an answer to a dialog, which its thread waits for, and what browsers do only
// upon a press of the visitor's own. When the press was an agent's, or nobody's, the visitor is asked by a button of
// the shell.

import { lastIndexOf, NativePromise, NativeTypeError, slice } from '../natives';
import { attribute, getter, guard, hasAttribute, isConnected, isElement, localName, pathOf } from './dom';
import type { Hooks } from './hooks';

export type Dialog = 'alert' | 'confirm' | 'prompt' | 'print';
export type Wish = 'print' | 'fullscreen' | 'copy';

export interface Needs {
  /** The page is about to stand still until the visitor has answered. */
  dialog(kind: Dialog, text: string): void;
  /** It was answered; null where there is nothing to choose. */
  answered(ok: boolean | null): void;
  /** The visitor is to say whether the page may do something. False when nobody can be asked. */
  wish(kind: Wish, text: string, answer: (granted: boolean) => void): boolean;
  /** The page hands the browser a file to save that does not come from the server. */
  saves(name: string): void;
}

// deno-lint-ignore no-explicit-any
type Any = any;

const scope = globalThis as Any;
const activationOf = getter<Any>(scope.Navigator.prototype, 'userActivation') as ((navigator: Any) => Any) | undefined;
const isActive = scope.UserActivation && getter<boolean>(scope.UserActivation.prototype, 'isActive') as ((activation: Any) => boolean) | undefined;
const eventType = getter<string>(Event.prototype, 'type');
const prevented = getter<boolean>(Event.prototype, 'defaultPrevented');
const protocolOf = getter<string>(HTMLAnchorElement.prototype, 'protocol');
const originOf = getter<string>(HTMLAnchorElement.prototype, 'origin');
const pathnameOf = getter<string>(HTMLAnchorElement.prototype, 'pathname');
const ownOrigin = location.origin;

export function hookNeeds(hooks: Hooks, needs: Needs): void {
  hookDialogs(hooks, needs);
  hookWishes(hooks, needs);
  hookDownloads(hooks, needs);
}

function hookDialogs(hooks: Hooks, needs: Needs): void {
  for (const kind of ['alert', 'confirm', 'prompt'] as const) {
    hooks.around(hooks.global, kind, (_self, args, native) => {
      if (args.length > 0) args[0] = `${args[0]}`; // an object is asked for its text once only
      needs.dialog(kind, args.length > 0 ? args[0] : '');
      const result = native();
      needs.answered(kind === 'alert' ? null : kind === 'confirm' ? result === true : result !== null);
      return result;
    });
  }
}

function hookWishes(hooks: Hooks, needs: Needs): void {
  const { navigator } = hooks.global;
  /** Whether the visitor has just pressed something, as far as the browser says. */
  const pressed = (): boolean => activationOf === undefined || isActive === undefined || isActive(activationOf(navigator));
  hooks.around(hooks.global, 'print', (_self, _args, native) => {
    const print = (): void => {
      needs.dialog('print', '');
      native();
      needs.answered(null);
    };
    if (pressed() || !needs.wish('print', '', granted => granted && print())) print();
  });
  const wished = (holder: Any, name: string, kind: Wish, text: (args: Any[]) => string, perform: (native: () => Any) => Any): void => {
    hooks.around(holder, name, (_self, args, native) => {
      if (pressed()) return native();
      let granted = false;
      const promise = new NativePromise<Any>((resolve, reject) => {
        granted = needs.wish(kind, text(args), yes => (yes ? resolve(perform(native)) : reject(new NativeTypeError('The visitor did not allow it.'))));
      });
      return granted ? promise : native();
    });
  };
  wished(hooks.of('Element'), 'requestFullscreen', 'fullscreen', () => '', native => native());
  // The shell copies by itself, for the press is its own.
  wished(hooks.of('Clipboard'), 'writeText', 'copy', args => `${args[0]}`, () => undefined);
}

/** Links that save what needs no answer of the server's, or one that does not say so. */
function hookDownloads(hooks: Hooks, needs: Needs): void {
  const saves = (link: Any): void => {
    if (!isElement(link) || localName(link) !== 'a' || !hasAttribute(link, 'download') || !hasAttribute(link, 'href')) return;
    const protocol = protocolOf(link);
    if (protocol !== 'blob:' && protocol !== 'data:' && originOf(link) !== ownOrigin) return;
    const path = pathnameOf(link);
    needs.saves(attribute(link, 'download') || (/^https?:$/.test(protocol) ? slice(path, lastIndexOf(path, '/') + 1) : ''));
  };
  hooks.before(hooks.of('HTMLElement'), 'click', self => { if (!isConnected(self)) saves(self); });
  hooks.before(hooks.of('EventTarget'), 'dispatchEvent', (self, args) => {
    if (eventType(args[0]) === 'click' && isElement(self) && !isConnected(self)) saves(self);
  });
  hooks.listen('click', (event: Event) => {
    if (prevented(event)) return;
    const path = pathOf(event);
    for (let i = 0; i < path.length; i++) guard(() => saves(path[i]), undefined);
  });
}
