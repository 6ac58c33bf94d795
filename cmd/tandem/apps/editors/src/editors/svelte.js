import { mount } from 'svelte';
import Form from './Form.svelte';

export default (place) => {
  const form = mount(Form, { target: place });
  return () => form.model();
};
