import { createEmptyHistoryState, registerHistory } from '@lexical/history';
import { HeadingNode, QuoteNode, registerRichText } from '@lexical/rich-text';
import { createEditor } from 'lexical';

export default (place) => {
  const text = place.appendChild(document.createElement('div'));
  text.contentEditable = 'true';
  const editor = createEditor({ nodes: [HeadingNode, QuoteNode], onError: (error) => { throw error; } });
  editor.setRootElement(text);
  registerRichText(editor);
  registerHistory(editor, createEmptyHistoryState(), 300);
  return () => JSON.stringify(editor.getEditorState().toJSON());
};
