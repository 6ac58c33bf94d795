package proxy

import (
	"bytes"
	"html"
	"io"
)

// frameSpotter notices the addresses of frames in the rewritten HTML that
// passes: a browser asks for them as it does for the tab's own document. The
// rewriter writes whole tags.
type frameSpotter struct {
	io.Writer
	x *exchange
}

func (f *frameSpotter) Write(p []byte) (int, error) {
	for rest := p; ; {
		i := bytes.Index(rest, []byte("<iframe"))
		if i < 0 {
			break
		}
		rest = rest[i:]
		tag := rest
		if end := bytes.IndexByte(tag, '>'); end >= 0 {
			tag = tag[:end]
		}
		f.spot(tag)
		rest = rest[len("<iframe"):]
	}
	return f.Writer.Write(p)
}

func (f *frameSpotter) spot(tag []byte) {
	_, value, ok := bytes.Cut(tag, []byte(" src="))
	if !ok || len(value) == 0 {
		return
	}
	end := " "
	if q := value[0]; q == '"' || q == '\'' {
		value, end = value[1:], string(q)
	}
	if i := bytes.IndexAny(value, end); i >= 0 {
		value = value[:i]
	}
	u, err := f.x.target.Parse(f.x.mapper.Unmap(html.UnescapeString(string(value))))
	if err == nil {
		f.x.memory.rememberFrame(pageURL(u), f.x.p.now())
	}
}

func (f *frameSpotter) Flush() { flush(f.Writer) }
