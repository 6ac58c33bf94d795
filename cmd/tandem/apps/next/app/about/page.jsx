'use client';
import { usePathname, useRouter, useSearchParams } from 'next/navigation';
import { Suspense, useState } from 'react';

function About() {
  const [count, setCount] = useState(0);
  const path = usePathname();
  const search = useSearchParams();
  const router = useRouter();
  return (
    <>
      <h1>About</h1>
      <p>You are at <code>{path}</code>, part <code>{search.get('part') ?? 'one'}</code>.</p>
      <button id="count" onClick={() => setCount(count + 1)}>Pressed {count} times</button>
      <button id="next" onClick={() => router.push('/about?part=two')}>Part two</button>
    </>
  );
}

export default function Page() {
  return <Suspense><About /></Suspense>;
}
