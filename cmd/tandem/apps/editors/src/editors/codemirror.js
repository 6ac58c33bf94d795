import { basicSetup, EditorView } from 'codemirror';

export default (place) => {
  const view = new EditorView({ parent: place, extensions: [basicSetup] });
  return () => view.state.doc.toString();
};
