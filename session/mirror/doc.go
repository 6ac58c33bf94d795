// Package mirror keeps the server's copy of a document which a leader's
// browser mirrors. It checks, masks and performs every operation before
// followers get it, and can tell a late follower the whole document.
//
// The leader is a browser that also runs the site's scripts, so nothing it
// says is trusted: operations are taken apart by a grammar, names and URLs are
// judged against lists, everything is bounded, and a [Document] gives out
// nothing that it would not accept.
//
// # Operations
//
// This is the reference for the recorder and the renderer. [Document.Apply]
// takes a JSON array of operations, which are performed in order. Each is an
// array of its code and its operands:
//
//	[0, ids, mode, …forms]           snapshot: replaces everything; mode is "standards" or "quirks"
//	[1, …nodes]                      remove; without nodes it is the operation that does nothing
//	[2, parent, before, ids, …forms] insert
//	[3, parent, before, …nodes]      move, keeping what the nodes are and show
//	[4, element, name, value]        set an attribute, or remove it if value is null
//	[5, text, data]                  replace a text's data
//	[5, text, from, del, ins]        replace del UTF-16 units from an offset
//	[6, element, property, value]    set a property, see below
//	[7, node, x, y]                  scroll; node 0 is the window
//	[8, sheet, "i", index, rule]     insertRule
//	[8, sheet, "d", index]           deleteRule
//	[8, sheet, "r", text]            replace a sheet's rules by text
//	[8, sheet, "s", path, text]      set what is before a rule's braces: selector, media, keys or name
//	[8, sheet, "c", path, text]      set a rule's declarations
//	[8, sheet, "p", path, name, value, priority]  set one of them, or remove it if value is ""
//	[8, sheet, "x"]                  forget a constructed sheet, which nothing adopts any more
//	[9, root, …sheets]               adoptedStyleSheets of the document (0) or a shadow root
//	[10, element, picture]           what a canvas or a video shows: a bitmap as data: URL, or "blob:" and a blob's id
//	[11, element, doc]               which document a frame shows; null for none
//	[12, node, start?, end?]         focus, and the selection in it; node 0 for none
//	[13, element, state]             media: {paused, time, rate, volume, muted}
//	[14, …names]                     custom elements that are defined; "form:" is before those of forms
//	[15, element, digest]            of the leader's page, to compare: "s…" or, with all below, "d…"
//	[15, sheet, digest]              of a sheet's rules, "r…", which only browsers can compare
//	[16, state, element]             the one in a state that CSS asks about; 0 for none
//	[17, animation, element, pseudo, name, frames?, timing?]  one that runs; [17, animation] when it is gone
//	[18, animation, state, time, rate]  where it is: running, paused, finished or idle
//	[19, name, priority, type, …ranges]  a custom highlight; [19, name] when it is gone
//	[20, name, syntax, inherits, initial?]  a registered custom property
//	[21, font, family, source, …descriptors and values]  one made by script; [21, font] when it is gone
//	[22, slot, …nodes]               what is assigned to a slot by script
//	[23, element, attributes, ids, …forms]
//	                                 replaces an element's attributes, children, shadow root and state
//
// Nodes are integers that the leader chose, 1 or more and unique among those
// that exist; 0 is the document. A node that is not mirrored (a comment, a
// processing instruction) has none and does not count as a sibling. before is
// a child of parent, or 0 for the end. ids is either the first of consecutive
// ids or a list of all, for the forms and what is below them in preorder.
//
// A rule's index may be a path: a list of indexes from the sheet's rules down.
//
// The states are hover, active, focus-visible, target, fullscreen and editing
// (the document is in design mode). An animation with a name is CSS's own
// (then there are no frames), one without a script's; frames are lists of
// offset, easing, composite, and names and values by turns; timing is delay, end delay,
// fill, iteration start, iterations (null without end), duration, direction,
// easing, composite. A range is two nodes, each with an offset in it. What
// refers to a node is forgotten with it.
//
// A form is one node with what is below it:
//
//	"data"                                  text
//	[tag, attributes, …forms]               element
//	[0, "!", name, public id, system id]    doctype
//	[0, "#", mode, …forms]                  shadow root: "open", "closed", with " manual" if slots are
//	                                        assigned by script; or "template", a template's content
//
// tag is the local name, with "svg:" or "math:" before it in these namespaces.
// attributes is 0 or a list of names and values by turns, with qualified names
// ("xlink:href"). A shadow root comes before its host's children whatever
// before says, and can be neither moved nor removed without its host. Strings
// may hold lone surrogates.
//
// The properties are value, customValidity, userValidity ("valid", "invalid"
// or "") and sheetMedia (strings), checked, indeterminate, autofilled, modal,
// popover and disabledSheet (booleans), selected (indexes of options), files
// (names) and states (of a custom element). modal and popover put an element on
// top of those opened before.
//
// The document's own children change by a snapshot only: nothing is inserted,
// moved or removed there.
//
// A sheet is the <style> or <link> that it belongs to, or a negative number
// for a constructed one, which exists from its first "r" to its "x" or the next snapshot;
// disabledSheet and sheetMedia take such numbers too. What [8] did to the sheet of
// an element is forgotten, here as in a browser, when the text or children of
// the <style> or the address of the <link> change, but not when it moves.
//
// # What is corrected
//
// Some things are ordinary in pages, and not worth losing the document for.
// They are corrected in what followers get, and counted: attributes on*,
// srcdoc, nonce and integrity are dropped, and so are src and href of
// scripts, the value of hidden inputs, and http-equiv unless it is harmless;
// text in scripts becomes empty; a URL that runs script becomes ""; a tag that
// createElement refuses becomes "tandem-odd"; unknown properties, names
// that are no names, and values over their limit are dropped. A dropped
// operation becomes [1].
//
// Masked are inputs that are or once were password fields, text inputs with
// the name or id of one, fields whose autocomplete names a card, a one-time
// code or a password, and whatever the recorder marks with
// data-tandem-masked. The mark's words say how: none for a field; "all" or
// "box" for an element with all that is in it, "private" for one whose children
// may be shown; "type" where followers may write. What is hidden so is told
// without texts, pictures and all attributes but those that lay it out; a box
// has the size of what it stands for. Of the value of fields, as attribute, property or text, and of
// customValidity, followers get "" or exactly [Mask]; selected is empty, and
// a selection inside is not told.
//
// # What is refused
//
// Everything else that is not of the grammar or does not fit the tree (unknown
// and taken ids, circles, a second root element) is an
// error that wraps [ErrResync]: followers get nothing of that array, and the
// document accepts nothing but a snapshot from then on. Beyond [Limits] the
// error wraps [ErrLimit] as well.
package mirror
