// Pictures that the browser shows with its own controls for what is playing.

import { apply, isArray, NativeWeakMap, push, weakGet, weakSet, type Any, type Native } from '../natives';
import type { Realm } from '../realm';

const freeze = Object.freeze as Native;

export function hookMedia(realm: Realm): void {
  const { patch, global } = realm;
  const mapped = (artwork: Any): Any => copied(artwork, (src) => realm.map(src));
  patch.constructor_('MediaMetadata', (make, args) => {
    const init = args[0] as Any;
    if (init !== null && typeof init === 'object' && isArray(init.artwork)) args[0] = { ...init, artwork: mapped(init.artwork) };
    return make(args);
  });
  const known = new NativeWeakMap<object, object>(); // the same list each time
  patch.accessor(global.MediaMetadata?.prototype, 'artwork', {
    get: (native) => {
      let list = weakGet(known, native as object);
      if (!list) weakSet(known, native as object, (list = apply(freeze, undefined, [copied(native, (src) => realm.unmap(src) as string, freeze)]) as object));
      return list;
    },
    set: (native, self, value) => native(self, [isArray(value) ? mapped(value) : value]),
  });
}

/** A list of images with other addresses. */
function copied(list: Any, change: (src: string) => string, finish?: Native): Any {
  const out: Any[] = [];
  for (let i = 0; i < list.length; i++) {
    const image = list[i] as Any;
    const copy = image !== null && typeof image === 'object' ? { ...image, src: change(image.src as string) } : image as unknown;
    push(out, finish && typeof copy === 'object' ? apply(finish, undefined, [copy]) : copy);
  }
  return out;
}
