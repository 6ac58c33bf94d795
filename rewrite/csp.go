package rewrite

// CSP returns our own policy for content responses.
func CSP(d Domain) string { return "" }
