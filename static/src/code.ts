// CONTROL's front page: somebody on the phone says a code, it is typed here and leads to the consent page.

import { ApiError, join } from './api';
import { tooOld } from './ui/browser';
import { has, t } from './ui/catalogue';
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
      fail(code ? t('code.wrong-length', { length, n: code.length }) : t('code.empty'));
      return;
    }
    void open(code);
  });
  form.hidden = false;
  field.focus();

  async function open(code: string): Promise<void> {
    button.disabled = true;
    say(status, t('code.looking'));
    try {
      const { session } = await join({ code });
      location.assign(`/j/${encodeURIComponent(session)}`);
    } catch (error) {
      fail(error instanceof ApiError ? why(error.code) : t('code.failed'));
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

function why(code: string): string {
  if (code === 'too_many_tries') return t('too-many-tries');
  if (code === 'offline') return t('offline');
  const key = `code.${code}`;
  return has(key) ? t(key as 'code.failed') : t('code.failed');
}

if (document.getElementById('code-form')) {
  document.body.classList.add('ready');
  if (tooOld()) notice(byId('main'), oldBrowser());
  else start();
}
