// rrweb's recorder in the leader's page, with all it can be asked to record, and a socket for what it tells.
(() => {
  const socket = new WebSocket(`ws://${location.host}/rrweb/leader`);
  const waiting = [];
  socket.onopen = () => { for (const text of waiting.splice(0)) socket.send(text); };
  socket.onmessage = () => rrweb.record.takeFullSnapshot(); // somebody comes late
  rrweb.record({
    emit(event) {
      const text = JSON.stringify(event);
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
      else waiting.push(text);
    },
    recordCanvas: true, collectFonts: true, inlineStylesheet: true, recordAfter: 'DOMContentLoaded',
  });
})();
