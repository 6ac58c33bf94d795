import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import { createEditor, Editor, Range } from 'slate';
import { withHistory } from 'slate-history';
import { Editable, ReactEditor, Slate, withReact } from 'slate-react';

const editor = withHistory(withReact(createEditor()));

function bold(event) {
  if (!event.ctrlKey || event.key !== 'b') return;
  event.preventDefault();
  if (Editor.marks(editor)?.bold) Editor.removeMark(editor, 'bold');
  else Editor.addMark(editor, 'bold', true);
}

function Text() {
  const [value] = useState([{ type: 'paragraph', children: [{ text: '' }] }]);
  return (
    <Slate editor={editor} initialValue={value}>
      <Editable onKeyDown={bold} renderLeaf={({ attributes, children, leaf }) => <span {...attributes}>{leaf.bold ? <b>{children}</b> : children}</span>} />
    </Slate>
  );
}

export default (place) => {
  createRoot(place).render(<Text />);
  window.heard = () => {
    const selection = getSelection();
    const range = selection.rangeCount > 0 && document.activeElement.isContentEditable ? ReactEditor.toSlateRange(editor, selection, { exactMatch: false, suppressThrow: true }) : null;
    return range === null || (editor.selection !== null && Range.equals(range, editor.selection));
  };
  return () => JSON.stringify(editor.children);
};
