import { notFound } from 'next/navigation';
import { remove } from '../../actions';
import store from '../../notes';

const find = (id) => store.list.find((note) => note.id === Number(id));

export async function generateMetadata({ params }) {
  return { title: find((await params).id)?.title };
}

export default async function Page({ params }) {
  const note = find((await params).id);
  if (!note) notFound();
  return (
    <article>
      <h1>{note.title}</h1>
      <p>{note.text}</p>
      <form action={remove}>
        <input type="hidden" name="id" value={note.id} />
        <button>Remove</button>
      </form>
    </article>
  );
}
