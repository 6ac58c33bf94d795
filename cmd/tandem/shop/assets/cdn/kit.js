// Small things every Filament page uses, served from the other origin.
(() => {
  'use strict';
  const cookies = () => Object.fromEntries(document.cookie.split('; ').filter(Boolean).map((pair) => {
    const at = pair.indexOf('=');
    return [pair.slice(0, at), decodeURIComponent(pair.slice(at + 1).replace(/\+/g, ' '))];
  }));

  // toast says something for a few seconds.
  function toast(text) {
    const note = document.createElement('p');
    note.className = 'toast';
    note.setAttribute('role', 'status');
    note.textContent = text;
    document.body.append(note);
    setTimeout(() => note.remove(), 4000);
  }

  window.filament = Object.freeze({ cookies, toast });
})();
