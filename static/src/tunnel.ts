// What stands in for a WebSocket where a network lets none through: the same frames, brought and fetched by ordinary
// requests to the same address. One request waits for frames all the time; another one brings some, when there are.
// A frame is an opcode of RFC 6455, four bytes with its length, and what is in it.

const opcode = { text: 1, binary: 2, close: 8 };
const head = 5;
const batch = 1 << 20; // bytes of frames in one request, unless one alone is larger

/** As much of a WebSocket as a link needs. */
export class Tunnel {
  binaryType = 'arraybuffer';
  readyState: number = WebSocket.CONNECTING;
  bufferedAmount = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  #url: string;
  #frames: Uint8Array<ArrayBuffer>[] = [];
  #bringing = false;
  #gone = new AbortController();

  constructor(url: string) {
    this.#url = url.replace(/^ws/, 'http');
    void this.#open().catch(() => this.#closed(1006));
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
    const frame = new Uint8Array(head + bytes.length);
    frame[0] = typeof data === 'string' ? opcode.text : opcode.binary;
    new DataView(frame.buffer).setUint32(1, bytes.length);
    frame.set(bytes, head);
    this.#frames.push(frame);
    this.bufferedAmount += frame.length;
    if (!this.#bringing) void this.#bring().catch(() => this.#closed(1006));
  }

  /** The server notices that nobody waits any more. */
  close(): void {
    this.readyState = WebSocket.CLOSED;
    this.#gone.abort();
  }

  #closed(code: number): void {
    if (this.readyState === WebSocket.CLOSED) return;
    this.close();
    this.onclose?.({ code });
  }

  async #open(): Promise<void> {
    const id = await (await this.#ask()).text();
    this.#url += `?tunnel=${encodeURIComponent(id)}`;
    this.readyState = WebSocket.OPEN;
    this.onopen?.();
    while (this.readyState === WebSocket.OPEN) this.#take(await (await this.#ask()).arrayBuffer());
  }

  async #bring(): Promise<void> {
    this.#bringing = true;
    while (this.#frames.length > 0) {
      let size = 0;
      const enough = this.#frames.findIndex(frame => (size += frame.length) > batch);
      const frames = this.#frames.splice(0, enough < 0 ? this.#frames.length : Math.max(1, enough));
      await this.#ask(new Blob(frames));
      this.bufferedAmount -= frames.reduce((sum, frame) => sum + frame.length, 0);
    }
    this.#bringing = false;
  }

  async #ask(body?: Blob): Promise<Response> {
    const response = await fetch(this.#url, {
      method: 'POST', credentials: 'same-origin', cache: 'no-store', signal: this.#gone.signal,
      headers: { 'Content-Type': 'application/octet-stream' }, ...(body && { body }),
    });
    if (!response.ok) throw new Error(`refused with ${response.status}`);
    return response;
  }

  #take(frames: ArrayBuffer): void {
    const view = new DataView(frames);
    for (let at = 0; at < frames.byteLength && this.readyState === WebSocket.OPEN;) {
      const kind = view.getUint8(at);
      const from = at + head;
      at = from + view.getUint32(at + 1);
      if (at > frames.byteLength) throw new Error('a frame is cut');
      if (kind === opcode.close) return this.#closed(at - from >= 2 ? view.getUint16(from) : 1006);
      const data = frames.slice(from, at);
      if (kind === opcode.text) this.onmessage?.({ data: new TextDecoder().decode(data) });
      else if (kind === opcode.binary) this.onmessage?.({ data });
    }
  }
}
