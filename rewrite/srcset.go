package rewrite

// appendSrcset appends a srcset attribute's value with its URLs mapped. It parses
// as browsers do (HTML §4.8.4.2.2): a URL ends at white space and may hold
// commas, but those at its end part the candidates.
func appendSrcset(dst, v []byte, mapURL func(dst, url []byte) ([]byte, bool)) (_ []byte, changed bool) {
	for i := 0; i < len(v); {
		for i < len(v) && (isSpace(v[i]) || v[i] == ',') {
			dst = append(dst, v[i])
			i++
		}
		start := i
		for i < len(v) && !isSpace(v[i]) {
			i++
		}
		end := i
		for end > start && v[end-1] == ',' {
			end--
		}
		var c bool
		dst, c = mapURL(dst, v[start:end])
		changed = changed || c
		dst = append(dst, v[end:i]...)
		if end < i {
			continue // no descriptors
		}
		start = i
		i = descriptorsEnd(v, i)
		dst = append(dst, v[start:i]...)
	}
	return dst, changed
}

// descriptorsEnd returns the index of the comma that ends a candidate, or len(v).
// Commas in parentheses do not.
func descriptorsEnd(v []byte, i int) int {
	parens := false
	for ; i < len(v); i++ {
		switch {
		case v[i] == '(':
			parens = true
		case v[i] == ')':
			parens = false
		case v[i] == ',' && !parens:
			return i
		}
	}
	return i
}
