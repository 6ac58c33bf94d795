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
	Of      int64     `json:"of,omitempty"`    // number of the entry which says that this was begun
	Chain   string    `json:"chain,omitempty"` // set by [Read]
}

// Log appends to the newest of its files. It is safe for concurrent use; one
// process has it open at a time.
type Log struct {
	dir    string
	limits Limits
	now    func() time.Time
	log    *slog.Logger

	mu     sync.Mutex
	file   *os.File
	size   int64     // of the file
	began  time.Time // its first entry; zero when there is none
	n      int64
	chain  sum
	tended time.Time
}

type sum [sha256.Size]byte

// Open opens the log of a data directory, creating it when it does not exist.
// A last line that a crash left incomplete was never acknowledged; it is
// dropped, and an entry says so.
func Open(dir string, limits Limits, now func() time.Time, log *slog.Logger) (*Log, error) {
	l := &Log{dir: dir, limits: limits.orDefault(), now: now, log: log}
	if err := l.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the audit log: %w", err), l.Close())
	}
	return l, nil
}

func (l *Log) open() error {
	if err := settle(l.dir); err != nil {
		return err
	}
	var err error
	if l.file, err = os.OpenFile(filepath.Join(l.dir, FileName), os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600); err != nil {
		return err
	}
	if err := syncDir(l.dir); err != nil {
		return err
	}
	torn, err := l.resume()
	if err == nil && torn > 0 {
		err = l.Add(context.Background(), Entry{Who: "server", Act: "audit.repair", What: fmt.Sprintf("%d bytes of an incomplete last line dropped", torn)})
	}
	return err
}

// Close closes the file; what comes later fails. Closing twice is no error.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	if err := l.file.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// Contents returns the whole log.
func (l *Log) Contents() ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, err := OpenReader(l.dir, 0)
	if err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", err)
	}
	defer r.Close()
	return io.ReadAll(r)
}

// maxLine is more than any entry takes: see clip.
const maxLine = 8 << 10

// resume finds where the chain goes on, and how many bytes of a torn line it
// took away.
func (l *Log) resume() (torn int64, err error) {
	entry, size, torn, err := lastEntry(l.file)
	if err != nil {
		return 0, err
	}
	if torn > 0 {
		if err := l.file.Truncate(size); err != nil {
			return 0, err
		}
	}
	if l.size = size; size > 0 {
		l.n, l.chain = entry.N, entry.sum()
		l.began, err = firstTime(l.file)
		return torn, err
	}
	older, err := parts(l.dir)
	if err != nil || len(older) == 0 {
		return torn, err
	}
	entry, err = older[len(older)-1].lastEntry()
	l.n, l.chain = entry.N, entry.sum()
	return torn, err
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
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.rotate(); err != nil {
		l.log.Error("beginning a new file of the audit log", "error", err)
	}
	if err := l.appendLocked(&e); err != nil {
		return 0, fmt.Errorf("writing the audit log: %w", err)
	}
	return e.N, nil
}

func (l *Log) appendLocked(e *Entry) error {
	line, chain, err := l.next(e)
	if err != nil {
		return err
	}
	if err := l.write(line); err != nil {
		return err
	}
	l.n, l.chain, l.size = e.N, chain, l.size+int64(len(line))
	if l.began.IsZero() {
		l.began = e.Time
	}
	return nil
}

// next makes e the entry after the newest, and returns its line.
func (l *Log) next(e *Entry) (line []byte, chain sum, err error) {
	e.Who, e.Act, e.Session, e.What = clip(e.Who), clip(e.Act), clip(e.Session), clip(e.What)
	e.N, e.Time = l.n+1, l.now().UTC()
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false) // so that all who write JSON write an entry alike
	if err := enc.Encode(e); err != nil {
		return nil, chain, err
	}
	body := bytes.TrimSuffix(text.Bytes(), []byte("}\n"))
	chain = link(l.chain, body)
	return fmt.Appendf(body, chainMember+"%x\"}\n", chain), chain, nil
}

// write takes back what it wrote of a line that does not fit on the disk.
func (l *Log) write(line []byte) error {
	_, err := l.file.Write(line)
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		return errors.Join(err, l.file.Truncate(l.size))
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
	e.Chain = string(digits)
	return e, body, chain, nil
}

// sum is the chain of an entry that was parsed.
func (e Entry) sum() (chain sum) {
	hex.Decode(chain[:], []byte(e.Chain))
	return chain
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
