import Image from 'next/image';
import Link from 'next/link';
import { Suspense } from 'react';
import Form from './form';
import store from './notes';
import harbour from './harbour.png';

export const dynamic = 'force-dynamic';

async function Count() {
  await new Promise((resolve) => setTimeout(resolve, 200));
  return <p id="count">There are {store.list.length} notes.</p>;
}

export default function Page() {
  return (
    <>
      <h1>Notes</h1>
      <Image src={harbour} alt="The harbour" width={320} priority placeholder="blur" />
      <Suspense fallback={<p>Counting …</p>}><Count /></Suspense>
      <ul>{store.list.map(({ id, title }) => <li key={id}><Link href={`/notes/${id}`}>{title}</Link></li>)}</ul>
      <Form />
    </>
  );
}
