// A link opened in a new browser window would start a second shell and take the session over from the first. It
// asks first whether a shell is already open and, if so, hands the address over.

const channelName = 'tandem';
const answerWithin = 400; // ms

/** Opens the address in another shell of this session; false when there is none. */
export function askOther(url: string): Promise<boolean> {
  return new Promise(resolve => {
    const channel = new BroadcastChannel(channelName);
    const finish = (found: boolean) => {
      clearTimeout(timer);
      channel.close();
      resolve(found);
    };
    const timer = setTimeout(() => finish(false), answerWithin);
    channel.onmessage = ({ data }) => { if (data === 'opened') finish(true); };
    channel.postMessage({ open: url });
  });
}

/** Answers other windows of this session. The channel is limited to our own origin by the browser. */
export function listen(open: (url: string) => void): void {
  const channel = new BroadcastChannel(channelName);
  channel.onmessage = ({ data }: MessageEvent<{ open?: unknown }>) => {
    if (typeof data?.open !== 'string') return;
    channel.postMessage('opened');
    open(data.open);
  };
}
