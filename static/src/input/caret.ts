// The caret in fields of types (email, number) of which browsers do not tell where it is, and in which they lose it
// when a value or its attribute is set. Who types there is mostly at the end.

export function caretToEnd(field: Element): void {
  const { activeElement } = field.getRootNode() as Document | ShadowRoot;
  if (activeElement !== field || (field as HTMLInputElement).selectionStart !== null) return;
  field.ownerDocument.getSelection()?.modify('move', 'forward', 'lineboundary');
}
