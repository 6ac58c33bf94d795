// Entry: the script that runs first in every proxied document. It hooks the
// realm so that the page sees the site it thinks it is on, hands a port to the
// visitor's shell, records the document for followers and performs what they
// do. Same-origin frames without a document of the server's (about:blank,
// srcdoc) have no script of their own; the one of their parent serves them.

import './natives';
import { documentConfig, install, Realm, type TabPort } from './install';
import { documentOf, frameCount } from './hooks/dom';
import { functionOf } from './inline';
import { addListener, apply, getter, guard, later, mapDelete, mapGet, mapSet, method, NativeMap, startsWith, type Any, type Native } from './natives';
import { parseToDocument, type FromDocument, type FrameHello, type FrameLevel, type FrameQuestion, type Grant, type Hello, type ToDocument } from './port';
import type { SelectionIds } from './input/messages';
import { createPerformer } from './input/perform';
import type { Selected } from './input/place';
import { panicKey } from './panic';
import type { DocumentRule } from './pages';
import { PRIVATE, type Level } from './record/mask';
import type { Wish } from './record/needs';
import { Recorder } from './record/recorder';

const shellWindow = globalThis.top as Window;
const parentWindow = globalThis.parent as Window;
const postMessage = globalThis.postMessage;
const Channel = MessageChannel;
const portOne = getter(MessageChannel.prototype, 'port1') as (c: MessageChannel) => MessagePort;
const portTwo = getter(MessageChannel.prototype, 'port2') as (c: MessageChannel) => MessagePort;
const portPost = method(MessagePort.prototype, 'postMessage') as (p: MessagePort, data: unknown) => void;
const portStart = method(MessagePort.prototype, 'start') as (p: MessagePort) => void;
const portClose = method(MessagePort.prototype, 'close') as (p: MessagePort) => void;
const messageData = getter(MessageEvent.prototype, 'data') as (e: MessageEvent) => unknown;
const messageSource = getter(MessageEvent.prototype, 'source') as (e: MessageEvent) => Window | null;
const stop = method(Event.prototype, 'stopImmediatePropagation') as (e: Event) => void;
const persisted = getter(PageTransitionEvent.prototype, 'persisted') as (e: Event) => boolean;
const historyBack = method(History.prototype, 'back') as (h: History) => void;
const historyForward = method(History.prototype, 'forward') as (h: History) => void;
const keyOf = getter(KeyboardEvent.prototype, 'key') as (e: Event) => string;
const repeated = getter(KeyboardEvent.prototype, 'repeat') as (e: Event) => boolean;
const timeOf = getter(Event.prototype, 'timeStamp') as (e: Event) => number;
const viewOf = getter(Document.prototype, 'defaultView') as (d: Document) => Window | null;
const addressOf = getter(Document.prototype, 'documentURI') as (d: Document) => string;
const frameElementOf = getter(globalThis, 'frameElement') as (w: Window) => Element | null;
const ownHistory = history;
const ownLocation = location;
const stopLoading = globalThis.stop;
const reload = ownLocation.reload; // unforgeable, so taken from the object itself

/** How long a frame's first, empty document is given to be replaced by the one it is for. */
const SETTLE_MS = 50;

/** One document's end of the line to the shell. */
class Connection {
  private readonly recorder: Recorder;
  private readonly performer: ReturnType<typeof createPerformer>;
  private port: MessagePort | null = null;
  private readonly document: Document;
  private poster: Native | undefined;
  /** The shell's number for it. */
  doc = 0;
  private paused = false;
  private readonly wishes = new NativeMap<number, (granted: boolean) => void>();
  private wished = 0;
  /** Told to begin; a frame's document waits until its parent has said how it is shown. */
  private ready = false;

  constructor(private readonly realm: Realm, private readonly parent: Connection | null, around: (window: Window, doc: number, level: Level) => void) {
    this.document = realm.global.document as Document;
    const document = this.document;
    this.recorder = new Recorder({
      realm, document,
      send: (message) => this.send(message),
      around,
      // The shell's thread is the page's and stands still with it, so the server has to be told directly.
      needs: {
        dialog: (kind, text) => {
          if (!this.paused) realm.post(`/.tandem/dialog?doc=${this.doc}&kind=${kind}`, text);
        },
        answered: (ok) => this.send(ok === null ? { type: 'answered' } : { type: 'answered', ok }),
        wish: (kind, text, answer) => this.wish(kind, text, answer),
        saves: (name) => this.send({ type: 'download', name }),
      },
    });
    this.performer = createPerformer({
      document,
      realm,
      node: (id) => (id === 0 ? document.documentElement : this.recorder.node(id)),
      masked: (node) => this.recorder.sealed(node),
      protects: (element) => this.recorder.protects(element),
      secret: (text) => this.recorder.secret(text),
      wish: (n, wish) => this.send({ n, ...wish }),
      done: (n, why, caret) => {
        this.recorder.performed(); // what the input did comes before the word that it was done
        const sel = caret && this.numbers(caret);
        this.send({ type: 'done', n, ok: why === null, ...(why !== null && { why }), ...(sel && { sel }) });
      },
    });
    const window = () => realm.global as Window;
    realm.listen(window, 'pagehide', () => this.leave(), true);
    const panic = panicKey();
    realm.listen(window, 'keydown', (event: Event) => {
      if (event.isTrusted && panic(keyOf(event), repeated(event), timeOf(event))) this.send({ type: 'panic' });
    }, true);
    realm.listen(window, 'pageshow', (event: Event) => persisted(event) && this.hello(), true);
  }

  /** Offers the shell a new port. It answers with `start` when it wants the document. */
  hello(): void {
    const channel = new Channel();
    this.port = portOne(channel);
    addListener(this.port, 'message', (event: MessageEvent) => guard(() => this.receive(messageData(event)), undefined));
    portStart(this.port);
    const { global, config, main } = this.realm;
    const url = this.realm.urls.unmap((global.location as Location).href);
    const message: Hello = { tandem: 'hello', url, main };
    const shell = `${config.content.scheme}://shell--${config.session}.${config.content.host}`;
    this.postFrom(shellWindow, message, shell, [portTwo(channel)]);
  }

  /** A selection as followers know it, if they do. */
  private numbers([[anchor, from], [focus, to]]: Selected): SelectionIds | null {
    const [a, b] = [this.recorder.id(anchor), this.recorder.id(focus)];
    return a !== 0 && b !== 0 ? [a, from, b, to] : null;
  }

  /** Posts in the name of the document's own window, by which the shell knows it. */
  private postFrom(target: Window, message: Hello, origin: string, transfer: Transferable[]): void {
    if (this.parent === null) {
      apply(postMessage as Any, target, [message, origin, transfer]);
      return;
    }
    this.poster ??= functionOf(this.realm, 'post, to, message, origin, transfer', 'post.call(to, message, origin, transfer)');
    // Not the realm's own, which is hooked; whose message it is depends on who calls.
    this.poster?.(postMessage, target, message, origin, transfer);
  }

  private wish(kind: Wish, text: string, answer: (granted: boolean) => void): boolean {
    if (this.port === null) return false;
    mapSet(this.wishes, ++this.wished, answer);
    this.send({ type: 'wish', id: this.wished, kind, text });
    return true;
  }

  granted(id: number, yes: boolean): void {
    const answer = mapGet(this.wishes, id);
    mapDelete(this.wishes, id);
    answer?.(yes);
  }

  private leave(): void {
    this.performer.leave();
    this.send({ type: 'bye' });
    this.end();
  }

  private end(): void {
    this.recorder.stop();
    if (this.port !== null) portClose(this.port);
    this.port = null;
  }

  send(message: FromDocument): void {
    if (this.port !== null) portPost(this.port, message);
  }

  frame(window: Window, doc: number): void {
    this.recorder.shows(window, doc);
  }

  reopened(): void {
    this.recorder.reopened();
  }

  private receive(data: unknown): void {
    const message = parseToDocument(data);
    if (message === null) return;
    switch (message.type) {
      case 'start':
        this.paused = message.paused;
        this.recorder.recall(message.secrets);
        return this.start(message.doc, message.rules);
      case 'rules':
        return this.recorder.rules(message.rules);
      case 'pause':
        this.paused = message.paused;
        return;
      case 'snapshot':
        return this.recorder.snapshot();
      case 'flush':
        return this.recorder.flush();
      case 'hold':
        return this.recorder.hold(message.on);
      case 'again':
        return this.recorder.again(message.node, message.deep);
      case 'film':
        return this.recorder.film(message.node);
      case 'sheet':
        return this.recorder.againSheet(message.sheet);
      case 'input':
        return this.performer.input(message.n, message.input, message.from, message.only);
      case 'files':
        return this.give(message);
      case 'scroll':
        return this.performer.scroll(message.node, message.x, message.y);
      case 'locate': {
        const at = this.recorder.locate(message.node, message.fx, message.fy);
        if (at !== null) this.send({ type: 'located', id: message.id, ...at });
        return;
      }
      case 'boxes':
        return this.send({ type: 'boxes', id: message.id, boxes: this.recorder.boxes(message.sel) });
      case 'wiggle':
        return this.recorder.wiggle(message.node);
      case 'tool':
        return this.recorder.frame(message.frame);
      case 'go':
        return go(message.action);
      case 'granted':
        return this.granted(message.id, message.yes);
      case 'stop':
        return this.end();
    }
    this.relay(message);
  }

  private give({ n, files, ...to }: ToDocument & { type: 'files' }): void {
    const why = guard(() => this.performer.files(to, files), 'failed');
    this.recorder.performed();
    this.send(why === null ? { type: 'placed', n, ok: true } : { type: 'placed', n, ok: false, why });
  }

  private start(doc: number, rules: DocumentRule[]): void {
    this.doc = doc;
    this.recorder.rules(rules);
    this.ready = true;
    if (this.parent !== null) this.parent.frame(this.realm.global as Window, doc);
    else if (parentWindow === shellWindow) this.recorder.start();
    else this.introduce();
  }

  /** Tells the parent which document its frame shows. */
  private introduce(): void {
    const message: FrameHello = { tandem: 'frame', doc: this.doc };
    apply(postMessage as Any, parentWindow, [message, '*']);
  }

  /** The document around this one was taken up only now. Until then the shell takes up none in its frames. */
  sayAgain(): void {
    if (this.doc === 0) this.hello();
    else this.introduce();
  }

  /** The parent has said how much may be told of its frame. */
  surround(level: Level): void {
    if (level >= PRIVATE) this.send({ type: 'surrounded' });
    this.recorder.surround(level);
    if (this.ready) this.recorder.start();
    this.ready = false;
  }

  /** What concerns other tabs and the session goes to the hooks. */
  private relay(message: ToDocument): void {
    const { points } = this.realm;
    switch (message.type) {
      case 'cookies':
        return points.cookiesChanged?.();
      case 'post':
        return points.tabEvents?.post(message.from, message.data, message.origin);
      case 'closed':
        return points.tabEvents?.closed(message.id);
    }
  }
}

function go(action: 'back' | 'forward' | 'reload' | 'stop'): void {
  if (action === 'back') historyBack(ownHistory);
  else if (action === 'forward') historyForward(ownHistory);
  else if (action === 'stop') apply(stopLoading as Any, globalThis, []);
  else apply(reload as Any, ownLocation, []);
}

function begin(realm: Realm): void {
  const connections = new Map<Realm, Connection>();
  // First of all listeners: what frames tell us is not for the page.
  const listen = (to: Realm) => to.listen(() => to.global as Window, 'message', (event: MessageEvent) => {
    if (messageSource(event) === shellWindow && to.global === globalThis && grants(event)) return;
    const level = frameLevel(messageData(event));
    if (level !== null && to === realm && isAround(messageSource(event))) {
      stop(event);
      return own.surround(level);
    }
    if (to === realm && isQuestion(messageData(event)) && isAround(messageSource(event))) {
      stop(event);
      return own.sayAgain();
    }
    const hello = frameHello(messageData(event));
    const source = hello && messageSource(event);
    if (!hello || !source) return;
    stop(event);
    for (const connection of connections.values()) connection.frame(source, hello.doc); // a frame may just have moved from one to another
  }, true);
  /** What takes a press of the visitor is granted by a message that carries the right to it. */
  function grants(event: MessageEvent): boolean {
    const data = messageData(event) as Partial<Grant> | null;
    if (typeof data !== 'object' || data === null || data.tandem !== 'granted') return false;
    stop(event);
    if (typeof data.id === 'number') own.granted(data.id, true);
    return true;
  }
  // A document without a script of its own has a connection here; others are told by their window, which may have
  // shown one before.
  const around = (window: Window, doc: number, level: Level) => {
    for (const connection of connections.values()) if (connection.doc === doc) return connection.surround(level);
    const message: FrameLevel = { tandem: 'level', level };
    apply(postMessage as Any, window, [message, '*']);
  };
  listen(realm);
  install(realm);
  const own = new Connection(realm, null, around);
  connections.set(realm, own);
  realm.points.tabs = tabPort(own);
  realm.points.reopened = (of) => connections.get(of)?.reopened();
  realm.points.childRealm = (child) => {
    const document = child.global.document as Document;
    later(() => guard(() => adopt(child, document), undefined), SETTLE_MS);
  };
  own.hello();

  // Another document in the same window is not the child's: it may wait for a script of its own. Chromium would make
  // what we look at there first an object of this realm, out of reach of that script's hooks. An empty frame of a page's
  // markup gets a second empty document, which has no script either.
  function adopt(child: Realm, first: Document): void {
    const document = child.global.document as Document;
    if ((document !== first && addressOf(document) !== 'about:blank') || viewOf(document) === null || frameElementOf(child.global as Window) === null || connections.has(child)) return;
    const parent = child.parent && connections.get(child.parent);
    if (!parent) return;
    const connection = new Connection(child, parent, around);
    connections.set(child, connection);
    listen(child);
    child.patch.onUndo(() => connections.delete(child));
    // A frame that is moved shows another document, and this one would go on to speak for what was in it.
    child.listen(() => child.global as Window, 'pagehide', (event: Event) => persisted(event) || connections.delete(child), true);
    connection.hello();
    askFrames(child.global);
  }
}

/** Documents in a new document's frames may have begun before it was taken up, and found nobody who knew what they are in. */
function askFrames(window: Any): void {
  const message: FrameQuestion = { tandem: 'which' };
  for (let i = 0; i < frameCount(window); i++) {
    const frame = window[i] as Window;
    // Where there is no script of ours the page would hear it.
    if (!guard(() => startsWith(addressOf(documentOf(frame)), 'about:blank'), false)) apply(postMessage as Any, frame, [message, '*']);
  }
}

function tabPort(connection: Connection): TabPort {
  return {
    open: (id, url, name, features) => connection.send({ type: 'open', id, url, name, features }),
    post: (to, data, origin, target) => connection.send({ type: 'post', to, data, origin, target }),
    close: (id) => connection.send(id === undefined ? { type: 'close' } : { type: 'close', id }),
  };
}

function isQuestion(data: unknown): boolean {
  return typeof data === 'object' && data !== null && (data as Partial<FrameQuestion>).tandem === 'which';
}

function frameHello(data: unknown): FrameHello | null {
  if (typeof data !== 'object' || data === null) return null;
  const message = data as Partial<FrameHello>;
  return message.tandem === 'frame' && typeof message.doc === 'number' ? (message as FrameHello) : null;
}

/** Whether a window is around ours. The script in one may speak for empty frames in it, which have none. */
function isAround(window: Window | null): boolean {
  for (let at = parentWindow; at !== shellWindow; at = at.parent) if (at === window) return true;
  return false;
}

function frameLevel(data: unknown): Level | null {
  if (typeof data !== 'object' || data === null) return null;
  const { tandem, level } = data as Partial<FrameLevel>;
  return tandem === 'level' && (level === 0 || level === 1 || level === 2 || level === 3 || level === 4) ? level : null;
}

const config = documentConfig();
if (config) begin(new Realm(globalThis, config));
