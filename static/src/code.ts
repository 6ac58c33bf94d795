// CONTROL's front page: somebody on the phone says a code, it is typed here and leads to the consent page.

import { ApiError, join } from './api';
import { tooOld } from './ui/browser';
import { byId, say } from './ui/dom';
import { notice } from './ui/notice';
import { oldBrowser } from './ui/trouble';

const length = 8;

/** Codes are spoken: case, spaces and dashes carry nothing, and what sounds or looks like a 0 or a 1 is one. */
export function clean(typed: string): string {
  return typed.toUpperCase().replace(/O/g, '0').replace(/[IL]/g, '1').replace(/[^0-9A-Z]/g, '');
}

/** ABCD EFGH, as it is spoken. */
export function grouped(code: string): string {
  return code.length > 4 ? `${code.slice(0, 4)} ${code.slice(4)}` : code;
}

function start(): void {
  const form = byId<HTMLFormElement>('code-form');
  const field = byId<HTMLInputElement>('code');
  const button = byId<HTMLButtonElement>('go');
  const status = byId('code-status');

  field.addEventListener('input', event => {
    // Grouping while somebody deletes would fight the caret.
    if (!(event as InputEvent).inputType?.startsWith('delete') && field.selectionStart === field.value.length) {
      field.value = grouped(clean(field.value));
    }
    field.removeAttribute('aria-invalid');
    say(status, '');
  });
  form.addEventListener('submit', event => {
    event.preventDefault();
    const code = clean(field.value);
    if (code.length !== length) {
      fail(code ? `A code has ${length} letters and digits; this one has ${code.length}.` : 'Type the code you were told.');
      return;
    }
    void open(code);
  });
  form.hidden = false;
  field.focus();

  async function open(code: string): Promise<void> {
    button.disabled = true;
    say(status, 'Looking for your session…');
    try {
      const { session } = await join({ code });
      location.assign(`/j/${encodeURIComponent(session)}`);
    } catch (error) {
      fail(error instanceof ApiError ? sentences[error.code] ?? error.message : 'This did not work. Please try again.');
    } finally {
      button.disabled = false;
    }
  }

  function fail(why: string): void {
    say(status, why);
    field.setAttribute('aria-invalid', 'true');
    field.focus();
    field.select();
  }
}

const sentences: Record<string, string> = {
  not_found: 'This code opens nothing. Check each letter with the person who told you; a code works once and for a short time.',
  link_used: 'This code has already been used in another browser. Ask for a new one.',
  link_revoked: 'This code was taken back. Ask for a new one.',
  link_expired: 'This code is no longer valid. Ask for a new one.',
  session_ended: 'This session has already ended. Ask for a new code.',
  declined: 'This invitation was declined. Ask for a new code.',
  too_many_tries: 'Too many tries. Wait a few minutes, then try again.',
  offline: 'The server does not answer. Check your connection and try again.',
};

if (document.getElementById('code-form')) {
  document.body.classList.add('ready');
  if (tooOld()) notice(byId('main'), oldBrowser());
  else start();
}
