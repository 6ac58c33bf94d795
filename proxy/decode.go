package proxy

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"net/textproto"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	maxCodings   = 2       // of one body; more is an attack
	zstdWindow   = 8 << 20 // what browsers accept (RFC 9659 §3)
	ratioMax     = 200     // decoded bytes per encoded byte …
	ratioMinimum = 4 << 20 // … once there are so many
)

// decode returns r without its content codings (RFC 9110 §8.4). Reading fails
// with errTooLarge at more than max bytes, or when they are far more than what
// came in. It reads nothing itself.
func decode(r io.Reader, header []string, max int64) (io.Reader, error) {
	var codings []string
	for _, line := range header {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.ToLower(textproto.TrimString(name)); name != "" && name != "identity" {
				codings = append(codings, name)
			}
		}
	}
	if len(codings) > maxCodings {
		return nil, fmt.Errorf("%w: %d codings on top of each other", errCoding, len(codings))
	}
	in := &countReader{r: r}
	r = in
	for i := len(codings) - 1; i >= 0; i-- {
		open, ok := decoders[codings[i]]
		if !ok {
			return nil, fmt.Errorf("%w %q", errCoding, codings[i])
		}
		r = &lazyReader{src: r, open: open}
	}
	return &bounded{r: r, in: in, max: max, coded: len(codings) > 0}, nil
}

// decodeAll is decode for a body at hand that goes into the store.
func decodeAll(body []byte, header []string) ([]byte, error) {
	if len(header) == 0 {
		return body, nil
	}
	r, err := decode(bytes.NewReader(body), header, storedBytesMax)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

var decoders = map[string]func(io.Reader) (io.Reader, error){
	"gzip":    openGzip,
	"x-gzip":  openGzip,
	"deflate": openDeflate,
	"br":      func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
	"zstd":    openZstd,
}

func openGzip(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }

// openDeflate reads zlib, as the RFC has it, or raw deflate, as some send it.
func openDeflate(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	head, err := b.Peek(2)
	if err == nil && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		return zlib.NewReader(b)
	}
	return flate.NewReader(b), nil
}

// openZstd decodes in the calling goroutine, with a small window: a frame may
// ask for gigabytes.
func openZstd(r io.Reader) (io.Reader, error) {
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(zstdWindow), zstd.WithDecoderMaxMemory(documentMax))
	if err != nil {
		return nil, err
	}
	return d, nil
}

// lazyReader opens a decoder at the first read: its header may not be there yet.
type lazyReader struct {
	src  io.Reader
	open func(io.Reader) (io.Reader, error)
	r    io.Reader
}

func (l *lazyReader) Read(p []byte) (int, error) {
	if l.r == nil {
		r, err := l.open(l.src)
		if err != nil {
			if err == io.EOF {
				return 0, io.EOF // an empty body has no coding
			}
			return 0, err
		}
		l.r = r
	}
	return l.r.Read(p)
}

type countReader struct {
	r io.Reader
	n int64
}

func (c *countReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// bounded stops a body that is, or unpacks to, too much.
type bounded struct {
	r     io.Reader
	in    *countReader
	n     int64
	max   int64
	coded bool
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.n += int64(n)
	if b.n > b.max || b.coded && b.n > ratioMinimum && b.n > ratioMax*b.in.n {
		return 0, errTooLarge
	}
	return n, err
}
