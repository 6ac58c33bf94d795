package rewrite

import (
	"strings"

	"golang.org/x/net/html/charset"
)

// Charset returns the WHATWG name of a document's encoding, by byte order mark,
// Content-Type, and meta elements among its first bytes, 1024 of which suffice.
// What is put into the head pushes such elements out of the range in which
// browsers look for them, so the response's Content-Type should name it.
//
// splice is false for the encodings whose characters may contain bytes that look
// like markup or quotes; those have to be decoded to UTF-8 before rewriting.
func Charset(contentType string, start []byte) (name string, splice bool) {
	_, name, _ = charset.DetermineEncoding(start, contentType)
	switch {
	case strings.HasPrefix(name, "utf-16"), strings.HasPrefix(name, "iso-2022-"),
		name == "shift_jis", name == "gbk", name == "gb18030", name == "big5", name == "replacement":
		return name, false
	}
	return name, true
}
