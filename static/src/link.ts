// One participant's WebSocket, made reliable. Messages carry sequence numbers and are kept until the other side
// has acknowledged them, so a link that drops and comes back loses nothing and repeats nothing. When too much was
// missed, both sides start again at 1 and the owner of the link sends its state anew (`onWelcome`, resumed false).
//
// Frames: `{hello}` → `{welcome}` as text, then `[seq, ack, message]` both ways; seq 0 is for messages that may be
// lost, `[0, ack]` is an acknowledgement alone. They are packed (see wire.ts) when the server can unpack them, and
// JSON otherwise, large ones deflated (raw) in a binary frame.

import { welcome, type Parse, type Welcome } from './protocol';
import { Tunnel } from './tunnel';
import { DEFLATE_FROM, Packer, Unpacker, type Deflated, type Frame } from './wire';

export type LinkState =
  | { is: 'connecting' } // never been open yet
  | { is: 'open' }
  | { is: 'away'; since: number } // trying again by itself; since is Date.now() of the loss
  | { is: 'blocked'; since: number } // the same, and the server does answer, only not by WebSocket
  | { is: 'closed'; why: 'refused' | 'ended' | 'replaced' | 'moved' | 'full' | 'left' }; // final until connect() is called

export interface LinkOptions<In> {
  url: string;
  /** Checks a message; null skips one of a kind we do not know. May throw. */
  parse: Parse<In | null>;
  onWelcome(state: Welcome): void;
  onMessage(message: In): void;
  onState?(state: LinkState): void;
  /** Asked, by HTTP, when no connection comes about: whether there is any use in trying again; null when nobody answers. */
  ask?(): Promise<'here' | 'ended' | 'refused' | null>;
  /** For tests. */
  open?(url: string, tunnel: boolean): WebSocket;
  random?(): number;
}

const limits = {
  backlog: 4 << 20, // bytes unacknowledged before we give up resending and start again
  flying: 96 << 10, // bytes on the way; what follows waits, and messages that may be joined become one
  busy: 256 << 10, // bytes in the socket above which lossy messages wait for the newest
  deflate: 1024, // characters from which a frame that is not packed is worth deflating
  inflated: 64 << 20, // bytes a peer's frame may grow to
  ackDelay: 40, // ms
  lossyEvery: 33, // ms between two lossy messages of one kind
  opening: 10_000, // ms until a connection that says nothing counts as refused
  tunnel: 2, // WebSockets refused in a row, by a server that answers, until it is tried by tunnel, and each in turn
  blocked: 3, // connections refused so until we call that blocked
  stalled: 15_000, // ms without any progress on unacknowledged messages until the link counts as dead
  firstDelay: 200, // ms
  lastDelay: 5000, // ms
};

interface Pending {
  seq: number;
  json: string; // of the message alone
  size: number; // bytes kept for it
  flying: number; // bytes it took on this socket; 0 until it is there
}

/** Not safe to share: one owner, one tab. */
export class Link<In> {
  #options: LinkOptions<In>;
  #state: LinkState = { is: 'connecting' };
  #socket: WebSocket | null = null;
  #welcomed = false;
  #stream = '';

  #pending: Pending[] = []; // unacknowledged, oldest first
  #pendingSize = 0;
  #lastSeq = 0; // given to a message
  #sent = 0; // put on this socket, or about to be
  #flying = 0; // bytes of what is on this socket and not acknowledged
  #overflowed = false; // messages were thrown away: only a new stream helps
  #pumping = false;

  #lossy = new Map<string, string>();
  #lossyTimer = 0;
  #lossyAt = 0;

  #received = 0;
  #inbox: Promise<void> | null = null; // frames being inflated, in order
  #packing: { packer: Packer; unpacker: Unpacker } | null = null;
  #ackTimer = 0;

  #tries = 0;
  #retryTimer = 0;
  #openTimer = 0;
  #tunnel = false; // the next connection is not by WebSocket
  #blocked = 0; // connections in a row that did not come about though the server answers
  #watch = 0;
  #progress = { at: 0, buffered: 0 };

  constructor(options: LinkOptions<In>) {
    this.#options = options;
    addEventListener('online', this.retry);
    addEventListener('offline', this.lost);
  }

  get state(): LinkState { return this.#state; }

  /** Bytes that wait to be acknowledged. The owner may hold back when it grows. */
  get backlog(): number { return this.#pendingSize; }

  /** Opens the link, also again after it was closed for good. */
  connect(): void {
    clearTimeout(this.#retryTimer);
    this.#drop();
    const open = this.#options.open ?? ((url, tunnel) => (tunnel ? new Tunnel(url) as unknown as WebSocket : new WebSocket(url)));
    const socket = open(this.#options.url, this.#tunnel);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.onopen = () => {
      const stream = this.#overflowed ? '' : this.#stream;
      socket.send(JSON.stringify({ hello: { stream, received: stream ? this.#received : 0, packed: true } }));
    };
    socket.onmessage = event => { if (socket === this.#socket) this.#receive(socket, event.data as string | ArrayBuffer); };
    socket.onclose = event => { if (socket === this.#socket) this.#closed(event.code); };
    this.#openTimer = setTimeout(() => this.#closed(), limits.opening);
    if (this.#state.is === 'closed') this.#set({ is: 'connecting' });
  }

  /**
   * Sends a message that must arrive, now or after the link has come back. JSON text is sent as it is. `join` makes
   * one message of the last one, while that still waits, and this; or null, when they have to stay two.
   */
  send(message: object | string, join?: (last: string) => string | null): void {
    if (this.#overflowed || this.#state.is === 'closed') return;
    const json = typeof message === 'string' ? message : JSON.stringify(message);
    if (!this.#joined(join)) {
      this.#pending.push({ seq: ++this.#lastSeq, json, size: json.length, flying: 0 });
      this.#pendingSize += json.length;
    }
    // One message alone may be larger than the limit: starting again would only send it again.
    if (this.#pendingSize > limits.backlog && this.#pending.length > 1) {
      this.#startAgain();
      return;
    }
    void this.#pump();
  }

  #joined(join?: (last: string) => string | null): boolean {
    const last = this.#pending.at(-1);
    const json = join && last && last.seq > this.#sent ? join(last.json) : null;
    if (last === undefined || typeof json !== 'string') return false;
    this.#pendingSize += json.length - last.size;
    last.size = json.length;
    last.json = json;
    return true;
  }

  /** Sends a message that may be lost; of several with one key that must wait, the newest is sent. */
  sendLossy(key: string, message: object): void {
    if (!this.#welcomed) return;
    this.#lossy.set(key, JSON.stringify(message));
    // Timers of a hidden page may be a minute late.
    if (!this.#lossyTimer || Date.now() - this.#lossyAt > 2 * limits.lossyEvery) this.#flushLossy();
  }

  /** Asks the server for everything anew. */
  restart(): void {
    if (this.#state.is === 'open') this.#startAgain();
  }

  /** Tries again at once when the link is away. */
  readonly retry = (): void => {
    if ((this.#state.is === 'away' || this.#state.is === 'blocked') && !this.#socket) this.connect();
  };

  /** Closes the link for good. */
  close(): void {
    clearTimeout(this.#retryTimer);
    this.#drop();
    this.#set({ is: 'closed', why: 'left' });
  }

  #set(state: LinkState): void {
    if (state.is === this.#state.is && state.is !== 'closed') return;
    this.#state = state;
    this.#options.onState?.(state);
  }

  #drop(code = 1000): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#welcomed = false;
    this.#inbox = null;
    this.#packing = null;
    clearTimeout(this.#openTimer);
    clearTimeout(this.#ackTimer);
    clearTimeout(this.#lossyTimer);
    clearInterval(this.#watch);
    this.#ackTimer = this.#lossyTimer = 0;
    this.#lossy.clear();
    socket?.close(code);
  }

  /** Gives the connection up because it is known to be dead, and tries again. */
  readonly lost = (): void => {
    if (this.#state.is === 'closed' || !this.#socket) return;
    this.#drop();
    this.#retryLater();
  };

  #closed(code = 1006): void {
    const taken = this.#welcomed;
    this.#drop();
    const final = ({ 4401: 'refused', 4406: 'full', 4403: 'ended', 4409: 'replaced', 4410: 'moved' } as const)[code];
    if (final) {
      this.#set({ is: 'closed', why: final });
      return;
    }
    // Both sides no longer agree about the stream, or it cannot be kept up.
    if (code === 4400 || code === 4408 || code === 4413) this.#forget();
    if (taken) this.#tunnel = false; // the network may be another now
    this.#retryLater();
    if (!taken) void this.#askWhy();
  }

  /** A browser does not tell a connection that was refused from one that was lost or kept from the server. */
  async #askWhy(): Promise<void> {
    const answer = await this.#options.ask?.().catch(() => null);
    if (this.#welcomed || this.#state.is === 'closed') return;
    if (!answer || answer === 'here') return this.#kept(answer === 'here');
    clearTimeout(this.#retryTimer);
    this.#drop();
    this.#set({ is: 'closed', why: answer });
  }

  /** Something on the way, such as a company's proxy, may let everything through but WebSockets. */
  #kept(answers: boolean): void {
    const since = 'since' in this.#state ? this.#state.since : Date.now();
    this.#blocked = answers ? this.#blocked + 1 : 0;
    if (this.#blocked >= limits.tunnel) this.#tunnel = !this.#tunnel;
    if (this.#blocked >= limits.blocked) this.#set({ is: 'blocked', since });
    else if (this.#state.is === 'blocked') this.#set({ is: 'away', since });
  }

  #retryLater(): void {
    if (this.#state.is === 'open') this.#set({ is: 'away', since: Date.now() });
    const longest = Math.min(limits.lastDelay, limits.firstDelay * 2 ** this.#tries++);
    const random = this.#options.random ?? Math.random;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.connect(), longest * (0.5 + random() / 2));
  }

  /** Gives up the stream; the next hello asks for a new one. */
  #forget(): void {
    this.#overflowed = true;
    this.#pending = [];
    this.#pendingSize = 0;
  }

  #startAgain(): void {
    this.#forget();
    if (!this.#socket) return; // already trying
    this.#drop(4400);
    this.#retryLater();
  }

  // --- receiving ---

  /** Inflating is asynchronous; later frames wait so that order is kept. */
  #receive(socket: WebSocket, data: string | ArrayBuffer): void {
    this.#progress.at = Date.now();
    const take = () => (socket === this.#socket ? this.#take(socket, data) : null);
    const busy = this.#inbox ? this.#inbox.then(async () => { await take(); }) : take();
    if (!busy) return;
    const inbox = busy.catch(() => { if (socket === this.#socket) this.#startAgain(); });
    this.#inbox = inbox;
    void inbox.then(() => { if (this.#inbox === inbox) this.#inbox = null; });
  }

  /** Takes a frame; a promise when it has to be inflated first. */
  #take(socket: WebSocket, data: string | ArrayBuffer): Promise<void> | null {
    if (typeof data === 'string') {
      this.#text(data);
      return null;
    }
    let frame: Frame | Deflated | { deflated: Uint8Array<ArrayBuffer> };
    try {
      const bytes = new Uint8Array(data);
      frame = this.#packing?.unpacker.unpack(bytes) ?? { deflated: bytes };
    } catch {
      this.#startAgain();
      return null;
    }
    if (!('deflated' in frame)) {
      this.#frame(frame);
      return null;
    }
    return inflate(frame.deflated).then(json => {
      if (socket !== this.#socket) return;
      if (!('seq' in frame)) return this.#text(json);
      this.#packing?.unpacker.said(json);
      this.#frame({ ...frame, text: json });
    });
  }

  #text(json: string): void {
    if (!this.#welcomed) {
      let state: Welcome;
      try {
        state = welcome((JSON.parse(json) as { welcome?: unknown }).welcome);
      } catch {
        return this.#startAgain();
      }
      return this.#welcome(state);
    }
    const frame = /^\[(\d{1,16}),(\d{1,16})(?:,(.*))?\]$/s.exec(json);
    if (!frame) return this.#startAgain();
    this.#frame({ seq: Number(frame[1]), ack: Number(frame[2]), text: frame[3] ?? null });
  }

  #frame({ seq, ack, text }: Frame): void {
    this.#acknowledged(ack);
    void this.#pump(); // there may be room now
    if (text === null) return;
    if (seq > 0) {
      if (seq > this.#received + 1) return this.#startAgain();
      const news = seq > this.#received;
      if (news) this.#received = seq;
      this.#ackSoon(); // also for a duplicate: our last acknowledgement may be what was lost
      if (!news) return;
    }
    let message: In | null;
    try {
      message = this.#options.parse(JSON.parse(text));
    } catch (error) {
      console.warn('Tandem: a message was not understood', error);
      return;
    }
    if (message !== null) this.#options.onMessage(message);
  }

  #welcome(state: Welcome): void {
    this.#welcomed = true;
    clearTimeout(this.#openTimer);
    this.#tries = this.#blocked = 0;
    const resumed = state.resumed && !this.#overflowed && state.stream === this.#stream;
    this.#flying = 0;
    for (const message of this.#pending) message.flying = 0;
    if (!resumed) {
      this.#pending = [];
      this.#pendingSize = 0;
      this.#lastSeq = 0;
      this.#received = 0;
      this.#overflowed = false;
      this.#stream = state.stream;
      this.#sent = 0;
    } else {
      this.#acknowledged(state.received);
      this.#sent = state.received;
    }
    if (state.packed) {
      const received = resumed ? this.#received : 0;
      this.#packing = { packer: new Packer(this.#sent, received), unpacker: new Unpacker(received, this.#sent) };
    }
    this.#progress = { at: Date.now(), buffered: 0 };
    this.#watch = setInterval(() => this.#checkProgress(), limits.stalled / 3);
    this.#options.onWelcome({ ...state, resumed });
    this.#set({ is: 'open' });
    void this.#pump();
  }

  #acknowledged(seq: number): void {
    let done = 0;
    while (done < this.#pending.length && this.#pending[done]!.seq <= seq) {
      this.#flying -= this.#pending[done]!.flying;
      this.#pendingSize -= this.#pending[done++]!.size;
    }
    if (done) this.#pending.splice(0, done);
  }

  // --- sending ---

  #ackSoon(): void {
    const ack = () => this.#write({ seq: 0, ack: this.#ack(), text: null });
    if (document.hidden) ack();
    else this.#ackTimer ||= setTimeout(ack, limits.ackDelay);
  }

  /** Returns how many bytes it took. */
  #write(frame: Frame, deflated: Uint8Array<ArrayBuffer> | null = null): number {
    if (this.#socket?.readyState !== WebSocket.OPEN || !this.#welcomed) return 0;
    const data = this.#packing ? this.#packing.packer.pack(frame, deflated) : (deflated ?? json(frame));
    this.#socket.send(data);
    return data.length;
  }

  /** Every frame that carries an acknowledgement makes the waiting one needless. */
  #ack(): number {
    clearTimeout(this.#ackTimer);
    this.#ackTimer = 0;
    return this.#received;
  }

  /** Sends what is pending in order. Deflating is asynchronous, so one pump runs at a time. */
  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (this.#welcomed && this.#flying < limits.flying) {
        const next = this.#pending.find(p => p.seq > this.#sent);
        if (!next) break;
        const socket = this.#socket;
        this.#sent = next.seq; // nothing may be joined to it any more
        const frame = { seq: next.seq, ack: this.#ack(), text: next.json };
        const text = this.#packing ? next.json : json(frame);
        const deflated = text.length >= (this.#packing ? DEFLATE_FROM : limits.deflate) ? await deflate(text) : null;
        if (socket !== this.#socket || !this.#welcomed) continue; // the link changed meanwhile
        next.flying = this.#write(frame, deflated);
        this.#flying += next.flying;
      }
    } finally {
      this.#pumping = false;
    }
  }

  #flushLossy(): void {
    clearTimeout(this.#lossyTimer);
    this.#lossyTimer = 0;
    this.#lossyAt = Date.now();
    if (this.#lossy.size === 0) return;
    if (this.#socket && this.#socket.bufferedAmount < limits.busy) {
      for (const text of this.#lossy.values()) this.#write({ seq: 0, ack: this.#ack(), text });
      this.#lossy.clear();
    }
    this.#lossyTimer = setTimeout(() => this.#flushLossy(), limits.lossyEvery);
  }

  /** A connection that fails silently is noticed by messages that nobody acknowledges. */
  #checkProgress(): void {
    const buffered = this.#socket?.bufferedAmount ?? 0;
    if (this.#pending.length === 0 || buffered < this.#progress.buffered) this.#progress.at = Date.now();
    this.#progress.buffered = buffered;
    if (Date.now() - this.#progress.at > limits.stalled) this.lost();
  }
}

const json = ({ seq, ack, text }: Frame): string => (text === null ? `[${seq},${ack}]` : `[${seq},${ack},${text}]`);

async function deflate(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new CompressionStream('deflate-raw');
  const writer = stream.writable.getWriter();
  void writer.write(encoder.encode(text)); // a Blob's stream would go by way of another process
  void writer.close();
  return new Uint8Array(await new Response(stream.readable).arrayBuffer());
}

const encoder = new TextEncoder();

async function inflate(data: Uint8Array<ArrayBuffer>): Promise<string> {
  const stream = new DecompressionStream('deflate-raw');
  const writer = stream.writable.getWriter();
  writer.write(data).catch(() => undefined); // whoever reads finds out
  writer.close().catch(() => undefined);
  const reader = stream.readable.getReader();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let json = '';
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return json + decoder.decode();
    size += value.length;
    if (size > limits.inflated) {
      void reader.cancel();
      throw new Error('frame too large');
    }
    json += decoder.decode(value, { stream: true });
  }
}
