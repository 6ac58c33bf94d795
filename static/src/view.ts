// Entry: the renderer's page on the session's view host, framed by the page of
// whoever follows. It builds the mirror from what arrives over their port, in
// frames that can run no script, and holds no credential but the key of the
// response store.

import { allRights, Invalid, parseMessage, toAgent, type Right, type ToAgent } from './protocol';
import { Renderer } from './view/renderer';
import { t } from './ui/catalogue';
import { strokeKind } from './ui/marks';
import { Stage } from './view/stage';
import type { Mode } from './ops';

// WebKit delivers no events to listeners of ours in a sandboxed frame; there the frame's own policy
// (script-src 'none') has to do alone (https://bugs.webkit.org/show_bug.cgi?id=218086).
const WEBKIT = navigator.vendor.startsWith('Apple');

function mirrorFrame(mode: Mode): HTMLIFrameElement {
  const frame = document.createElement('iframe');
  if (!WEBKIT) frame.setAttribute('sandbox', 'allow-same-origin');
  frame.title = t('mirror.frame');
  frame.referrerPolicy = 'no-referrer';
  frame.src = `/.tandem/mirror?mode=${mode}`;
  return frame;
}

const tools = ['frame', ...strokeKind] as const;

function connect(key: string, you: string, rights: Right[], port: MessagePort): void {
  const stage = new Stage(document.body);
  const labels = {
    unseen: t('mirror.unseen'), film: t('mirror.unseen-film'), hidden: t('mirror.tag'), direction: document.documentElement.dataset['direction'] ?? 'ltr',
  };
  const renderer = new Renderer({ key, you, stage, rights, labels, frame: mirrorFrame, send: (message) => port.postMessage(message) });
  port.onmessage = ({ data }) => {
    if (data?.type === 'zoom') return stage.zoom(data.fit === true);
    if (data?.type === 'follow') return renderer.follow(data.on === true);
    if (data?.type === 'tool') return renderer.use(tools.find((tool) => tool === data.tool) ?? null, data.fade === true);
    const message = read(data);
    if (message !== null) renderer.receive(message);
  };
}

function read(data: unknown): ToAgent | null {
  try {
    return parseMessage(toAgent, data);
  } catch (error) {
    if (error instanceof Invalid) return null; // the page around sends what the server sent, which may be newer
    throw error;
  }
}

addEventListener('message', function hello({ source, origin, data, ports: [port] }: MessageEvent) {
  const around = document.documentElement.dataset['around'];
  if (source !== parent || origin !== around || data?.tandem !== 'connect' || port === undefined) return;
  if (typeof data.key !== 'string' || !/^[\w-]{1,200}$/.test(data.key)) return;
  removeEventListener('message', hello);
  connect(data.key, String(data.you), allRights.filter(right => data.rights?.includes?.(right) === true), port);
});
