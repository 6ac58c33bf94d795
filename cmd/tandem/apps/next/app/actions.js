'use server';
import { revalidatePath } from 'next/cache';
import { redirect } from 'next/navigation';
import store from './notes';

export async function add(_, form) {
  const title = String(form.get('title')).trim();
  if (title.length < 3) return { error: 'A title has three letters or more.', title };
  store.log.push(`add ${title}`);
  store.list.push({ id: store.list.length + 1, title, text: String(form.get('text')) });
  revalidatePath('/');
  return { added: title };
}

export async function remove(form) {
  const id = Number(form.get('id'));
  store.log.push(`remove ${id}`);
  store.list = store.list.filter((note) => note.id !== id);
  revalidatePath('/');
  redirect('/');
}
