postMessage([location.href, self.origin, typeof importScripts].join(' '));
