import { createApp } from 'vue';
import Form from './Form.vue';

export default (place) => {
  const form = createApp(Form).mount(place);
  return () => JSON.stringify(form.form);
};
