package rewrite

// Manifest maps the URLs of a web app manifest.
func Manifest(src []byte, m *Mapper) []byte { return src }

// Playlist maps the absolute URLs of an HLS playlist or a DASH manifest.
func Playlist(src []byte, m *Mapper) []byte { return src }
