package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
	"unicode"
)

// FileName is the log's name in a data directory.
const FileName = "audit.log"

// Result says how an act went.
type Result string

const (
	Begun   Result = "begun" // and it may have been interrupted
	OK      Result = "ok"
	Failed  Result = "failed"
	Refused Result = "refused"
)

// Entry is one record. Callers fill in Who, Act, Session and What, and for
// [Log.Add] a Result other than OK.
type Entry struct {
	N       int64     `json:"n"` // counts from 1
	Time    time.Time `json:"time"`
	Who     string    `json:"who"`               // "visitor", "admin:root", …; default: see [As]
	Act     string    `json:"act"`               // what was done to what, such as "origins.allow"
	Session string    `json:"session,omitempty"` // public id
	What    string    `json:"what,omitempty"`    // to which one, or how; never content
	Result  Result    `json:"result"`
	Of      int64     `json:"of,omitempty"` // number of the entry which says that this was begun
}

// Log appends to one file. It is safe for concurrent use; one process has it
// open at a time.
type Log struct {
	now func() time.Time
	log *slog.Logger

	mu    sync.Mutex
	file  *os.File
	n     int64
	chain sum
}

type sum [sha256.Size]byte

// Open opens the log of a data directory, creating it when it does not exist.
// A last line that a crash left incomplete was never acknowledged; it is
// dropped, and an entry says so.
func Open(dir string, now func() time.Time, log *slog.Logger) (*Log, error) {
	f, err := os.OpenFile(filepath.Join(dir, FileName), os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the audit log: %w", err)
	}
	l := &Log{now: now, log: log, file: f}
	torn, err := l.resume()
	if err == nil && torn > 0 {
		err = l.Add(context.Background(), Entry{Who: "server", Act: "audit.repair", What: fmt.Sprintf("%d bytes of an incomplete last line dropped", torn)})
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the audit log: %w", err), f.Close())
	}
	return l, nil
}

// Close closes the file; what comes later fails. Closing twice is no error.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.file.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// Contents returns the whole file.
func (l *Log) Contents() ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all, err := os.ReadFile(l.file.Name())
	if err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", err)
	}
	return all, nil
}

// maxLine is more than any entry takes: see clip.
const maxLine = 8 << 10

// resume finds where the chain goes on, and how many bytes of a torn line it
// took away.
func (l *Log) resume() (torn int64, err error) {
	size, err := l.file.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return 0, err
	}
	tail := make([]byte, min(size, 2*maxLine))
	if _, err := l.file.ReadAt(tail, size-int64(len(tail))); err != nil {
		return 0, err
	}
	end := bytes.LastIndexByte(tail, '\n') + 1
	torn = int64(len(tail) - end)
	if torn > maxLine || end == 0 && size > maxLine {
		return 0, errors.New("its end is no log of ours")
	}
	if torn > 0 {
		if err := l.file.Truncate(size - torn); err != nil {
			return 0, err
		}
	}
	if end == 0 {
		return torn, nil
	}
	last := tail[bytes.LastIndexByte(tail[:end-1], '\n')+1 : end-1]
	entry, _, chain, err := parse(last)
	if err != nil {
		return 0, fmt.Errorf("its last entry: %w", err)
	}
	l.n, l.chain = entry.N, chain
	return torn, nil
}

// Do records that e begins, does it, and records how it went. When the first
// can't be recorded nothing is done. Its error is that, or act's.
func (l *Log) Do(ctx context.Context, e Entry, act func() error) error {
	e.Result = Begun
	n, err := l.append(ctx, e)
	if err != nil {
		return err
	}
	failed := act()
	e.Of, e.Result = n, OK
	if failed != nil {
		e.Result = Failed
	}
	if _, err := l.append(ctx, e); err != nil {
		l.log.Error("an act stays without its result in the audit log", "entry", n, "result", e.Result, "error", err)
	}
	return failed
}

// Add records what was done, or refused.
func (l *Log) Add(ctx context.Context, e Entry) error {
	if e.Result == "" {
		e.Result = OK
	}
	_, err := l.append(ctx, e)
	return err
}

// append returns when the entry is on disk.
func (l *Log) append(ctx context.Context, e Entry) (n int64, err error) {
	if e.Who == "" {
		e.Who = actor(ctx)
	}
	e.Who, e.Act, e.Session, e.What = clip(e.Who), clip(e.Act), clip(e.Session), clip(e.What)
	l.mu.Lock()
	defer l.mu.Unlock()
	e.N, e.Time = l.n+1, l.now().UTC()
	body, err := json.Marshal(e)
	if err != nil {
		return 0, fmt.Errorf("writing the audit log: %w", err)
	}
	chain := link(l.chain, body[:len(body)-1])
	line := fmt.Appendf(body[:len(body)-1], chainMember+"%x\"}\n", chain)
	if err := l.write(line); err != nil {
		return 0, fmt.Errorf("writing the audit log: %w", err)
	}
	l.n, l.chain = e.N, chain
	return e.N, nil
}

// write takes back what it wrote of a line that does not fit on the disk.
func (l *Log) write(line []byte) error {
	before, err := l.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err = l.file.Write(line); err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		return errors.Join(err, l.file.Truncate(before))
	}
	return nil
}

// chainMember is how the last member of a line begins.
const chainMember = `,"chain":"`

func link(before sum, body []byte) sum {
	h := sha256.New()
	h.Write(before[:])
	h.Write(body)
	return sum(h.Sum(nil))
}

// parse takes a line apart; body is what its chain covers.
func parse(line []byte) (e Entry, body []byte, chain sum, err error) {
	body, last, ok := cutLast(line, []byte(chainMember))
	digits, closed := bytes.CutSuffix(last, []byte(`"}`))
	if !ok || !closed || len(digits) != hex.EncodedLen(len(chain)) {
		return e, nil, chain, errors.New("it has no chain")
	}
	if _, err := hex.Decode(chain[:], digits); err != nil || hex.EncodeToString(chain[:]) != string(digits) {
		return e, nil, chain, errors.New("it has no chain")
	}
	if err := json.Unmarshal(append(bytes.Clone(body), '}'), &e); err != nil {
		return e, nil, chain, errors.New("it is no JSON")
	}
	return e, body, chain, nil
}

func cutLast(s, sep []byte) (before, after []byte, ok bool) {
	i := bytes.LastIndex(s, sep)
	if i < 0 {
		return nil, nil, false
	}
	return s[:i], s[i+len(sep):], true
}

// clip bounds a member, and takes out what a terminal could take for more than
// letters.
func clip(s string) string {
	s = strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return -1
		}
		return c
	}, strings.ToValidUTF8(s, ""))
	if runes := []rune(s); len(runes) > 200 {
		s = string(runes[:200])
	}
	return s
}

type actorKey struct{}

// As returns a context whose acts are recorded as who's.
func As(ctx context.Context, who string) context.Context {
	return context.WithValue(ctx, actorKey{}, who)
}

// actor is whom a context acts for: "server" when nobody is named.
func actor(ctx context.Context) string {
	if who, ok := ctx.Value(actorKey{}).(string); ok {
		return who
	}
	return "server"
}
