'use client';
import { useActionState, useEffect, useState } from 'react';
import { add } from './actions';

export default function Form() {
  const [state, action, pending] = useActionState(add, {});
  const [text, setText] = useState('');
  const [ready, setReady] = useState(false);
  useEffect(() => setReady(true), []);
  useEffect(() => { if (state.added) setText(''); }, [state]);
  return (
    <form action={action} data-ready={ready || undefined}>
      <input name="title" placeholder="Title" defaultValue={state.title} aria-label="Title" />
      <textarea name="text" rows="3" aria-label="Text" value={text} onChange={(event) => setText(event.target.value)} />
      <output>{text.length} of 200 letters</output>
      {state.error && <p className="error">{state.error}</p>}
      <button disabled={pending}>Add</button>
    </form>
  );
}
