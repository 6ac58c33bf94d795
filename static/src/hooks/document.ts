// What a document and a window say of their own address and origin.

import { endsWith, getter, includes, startsWith, type Any } from '../natives';
import type { Realm } from '../realm';
import { domException, mapTarget, part, tabWindow, unfacade } from '../runtime';
import { unmapInto } from './shared';

const nodeDocument = getter((globalThis as Any).Node?.prototype, 'ownerDocument');

export function hookDocument(realm: Realm): void {
  const { patch, global, config } = realm;
  const document = global.Document?.prototype;
  unmapInto(realm, document, ['URL', 'documentURI']);
  unmapInto(realm, global.Node?.prototype, ['baseURI']);
  patch.accessor(document, 'referrer', {
    get: (value, self) => (self === global.document && !realm.parent && config.url !== 'about:srcdoc' ? config.referrer : referrer(realm, value)),
  });
  if (config.type) patch.accessor(document, 'contentType', { get: (value, self) => (self === global.document ? config.type : value) });
  hookDomain(realm);
}

/** What the browser itself knows of: a page of the site, or one of ours, which nobody came from. */
function referrer(realm: Realm, value: Any): Any {
  const site = realm.unmap(value) as string;
  return site === value && !startsWith(site, 'about:') ? '' : site;
}

/** document.domain: assigning a parent domain is accepted and, as in today's browsers, without effect. */
function hookDomain(realm: Realm): void {
  const host = part(realm.origin, 'hostname');
  let domain = host;
  realm.patch.accessor(realm.global.Document?.prototype, 'domain', {
    get: (value, self) => (value === '' || nodeDocument(self) ? value : domain),
    set: (native, self, value) => {
      const wanted = `${value as string}`;
      if (wanted === host || endsWith(host, '.' + wanted)) domain = wanted;
      else refuse(() => native(self, [wanted]), wanted, host);
    },
  });
}

/** The browser throws, and says in some that frames like ours may not, which is not the site's reason. */
function refuse(native: () => void, domain: string, host: string): void {
  try {
    native();
  } catch (error) {
    if (!includes(`${(error as Error).message}`, 'sandboxed')) throw error;
    throw domException(`Failed to set the 'domain' property on 'Document': '${domain}' is not a suffix of '${host}'.`, 'SecurityError');
  }
}

/** parent, origin, isSecureContext and postMessage of a window. */
export function hookWindow(realm: Realm): void {
  const { patch, global } = realm;
  patch.accessor(global, 'origin', { get: (value) => realm.unmap(value) });
  patch.accessor(global, 'isSecureContext', { get: (value) => value && isSecure(realm) });
  if (realm.main) patch.accessor(global, 'parent', { get: (value) => value && tabWindow(global) }); // a removed frame has none
  patch.method(global, 'postMessage', (native, self, args) => {
    if (args.length > 1) args[1] = mapTarget(realm, args[1]);
    if (args.length) args[0] = unfacade(args[0]); // throws as for a Location
    return native(unfacade(self), args);
  });
  patch.method(global, 'structuredClone', (native, self, args) => {
    if (args.length) args[0] = unfacade(args[0]);
    return native(self, args);
  });
}

function isSecure(realm: Realm): boolean {
  const { scheme, host } = realm.urls.origin;
  return scheme === 'https' || host === 'localhost' || endsWith(host, '.localhost') || host === '127.0.0.1' || host === '[::1]';
}

/** Events and entries that carry an address. */
export function hookEvents(realm: Realm): void {
  const { global } = realm;
  unmapInto(realm, global.MessageEvent?.prototype, ['origin']);
  unmapInto(realm, global.StorageEvent?.prototype, ['url']);
  unmapInto(realm, global.SecurityPolicyViolationEvent?.prototype, ['documentURI', 'referrer', 'blockedURI', 'sourceFile']);
  unmapInto(realm, global.Report?.prototype, ['url']);
  const bodies = ['DeprecationReportBody', 'InterventionReportBody', 'CSPViolationReportBody'];
  for (let i = 0; i < bodies.length; i++) {
    unmapInto(realm, global[bodies[i]!]?.prototype, ['sourceFile', 'documentURL', 'blockedURL', 'referrer']);
  }
}
