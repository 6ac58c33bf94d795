import 'prosemirror-view/style/prosemirror.css';
import { exampleSetup } from 'prosemirror-example-setup';
import { schema } from 'prosemirror-schema-basic';
import { EditorState } from 'prosemirror-state';
import { EditorView } from 'prosemirror-view';

export default (place) => {
  const view = new EditorView(place, { state: EditorState.create({ schema, plugins: exampleSetup({ schema, menuBar: false }) }) });
  window.heard = () => view.state.selection.empty === getSelection().isCollapsed;
  return () => JSON.stringify(view.state.doc.toJSON());
};
