import 'quill/dist/quill.snow.css';
import Quill from 'quill';

export default (place) => {
  const quill = new Quill(place.appendChild(document.createElement('div')), { theme: 'snow', modules: { history: { delay: 0 } } });
  return () => JSON.stringify(quill.getContents());
};
