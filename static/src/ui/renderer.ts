// The page that draws what somebody leads, in a frame on the view host of its session, and the way to it.

import { fromRenderer, granted, parseMessage, type FromRenderer, type Welcome } from '../protocol';
import { h } from './dom';

export interface RendererFrame {
  readonly frame: HTMLIFrameElement;
  readonly port: MessagePort;
}

/** A new one for a new stream, in which everything comes again. */
export function renderer(state: Welcome, view: string, title: string, receive: (message: FromRenderer) => void): RendererFrame {
  const { port1: port, port2 } = new MessageChannel();
  port.onmessage = ({ data }) => {
    let message: FromRenderer | null;
    try {
      message = parseMessage(fromRenderer, data);
    } catch {
      return; // not in bounds: nothing the renderer makes
    }
    if (message) receive(message);
  };
  const frame = h('iframe', { title, allow: 'clipboard-write', src: `${view}/` });
  frame.addEventListener('load', () => {
    frame.contentWindow?.postMessage({ tandem: 'connect', key: state.key ?? '', you: state.you.id, rights: granted(state) }, view, [port2]);
  }, { once: true });
  return { frame, port };
}
