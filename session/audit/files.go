package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// FileName is the newest file of a log in its data directory. Older ones are
// beside it, as audit-N.log: N is the number of the last entry.
const FileName = "audit.log"

// nextName is the newest file before the one that was newest has moved away.
const nextName = FileName + ".next"

// Limits say when a new file is begun, and for how long entries are kept.
type Limits struct {
	Size int64         // bytes, after which a new file is begun; default 32 MiB
	Keep time.Duration // at least; 0 means for ever
}

const (
	defaultSize = 32 << 20
	// maxAge is after how long a new file is begun in any case: entries are
	// removed by whole files.
	maxAge    = 30 * 24 * time.Hour
	tendEvery = time.Hour
)

func (l Limits) orDefault() Limits {
	if l.Size == 0 {
		l.Size = defaultSize
	}
	return l
}

// The acts of the log itself.
const (
	// rotated begins each file but the first, and names the entry before.
	rotated = "audit.rotate"
	// pruned says that the oldest entries are removed, and up to which.
	pruned = "audit.prune"
)

// part is a file that is not the newest.
type part struct {
	path string
	last int64 // entry
}

func partName(last int64) string { return fmt.Sprintf("audit-%012d.log", last) }

// parts lists them, oldest first.
func parts(dir string) (list []part, err error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		digits := strings.TrimSuffix(strings.TrimPrefix(f.Name(), "audit-"), ".log")
		if last, err := strconv.ParseInt(digits, 10, 64); err == nil && f.Name() == partName(last) {
			list = append(list, part{filepath.Join(dir, f.Name()), last})
		}
	}
	slices.SortFunc(list, func(a, b part) int { return int(a.last - b.last) })
	return list, nil
}

func (p part) lastEntry() (Entry, error) {
	f, err := os.Open(p.path)
	if err != nil {
		return Entry{}, err
	}
	defer f.Close()
	entry, _, torn, err := lastEntry(f)
	if err == nil && (torn > 0 || entry.N != p.last) {
		err = errors.New("it does not end as its name says")
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", p.path, err)
	}
	return entry, err
}

// lastEntry returns the last entry whose line is complete, where it ends, which
// is 0 when there is none, and how many bytes come after it.
func lastEntry(f *os.File) (entry Entry, end, torn int64, err error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return entry, 0, 0, err
	}
	tail := make([]byte, min(size, 2*maxLine))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil {
		return entry, 0, 0, err
	}
	complete := bytes.LastIndexByte(tail, '\n') + 1
	torn = int64(len(tail) - complete)
	if torn > maxLine || complete == 0 && size > maxLine {
		return entry, 0, 0, errors.New("its end is no log of ours")
	}
	if complete == 0 {
		return entry, 0, torn, nil
	}
	line := tail[bytes.LastIndexByte(tail[:complete-1], '\n')+1 : complete-1]
	if entry, _, _, err = parse(line); err != nil {
		return entry, 0, 0, fmt.Errorf("its last entry: %w", err)
	}
	return entry, size - torn, torn, nil
}

// firstTime is when a file's first entry was written.
func firstTime(f *os.File) (at time.Time, err error) {
	_, err = Read(io.NewSectionReader(f, 0, 1<<62), func(e Entry) error {
		at = e.Time
		return io.EOF
	})
	if errors.Is(err, io.EOF) {
		return at, nil
	}
	return at, err
}

// rotate begins a new file when it is time. A crash leaves one of these: the
// old file alone; a new one beside it, in which nothing is that anybody was told
// of; the old one moved away, and the new one complete. See settle.
func (l *Log) rotate() error {
	if l.began.IsZero() && l.n > 0 { // the newest file was lost, or never begun
		return l.appendLocked(l.continued())
	}
	if l.began.IsZero() || l.size < l.limits.Size && l.now().Sub(l.began) < maxAge {
		return nil
	}
	entry := l.continued()
	line, chain, err := l.next(entry)
	if err != nil {
		return err
	}
	next, err := create(filepath.Join(l.dir, nextName), line)
	if err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(l.dir, FileName), filepath.Join(l.dir, partName(l.n))); err != nil {
		return errors.Join(err, next.Close(), os.Remove(next.Name()))
	}
	old := l.file
	l.file, l.size, l.began, l.n, l.chain = next, int64(len(line)), entry.Time, entry.N, chain
	return errors.Join(old.Close(), syncDir(l.dir), os.Rename(next.Name(), filepath.Join(l.dir, FileName)), syncDir(l.dir))
}

// continued is the first entry of a new file. With it the file can be verified
// when the ones before are gone.
func (l *Log) continued() *Entry {
	return &Entry{Who: "server", Act: rotated, What: fmt.Sprintf("%d:%x", l.n, l.chain), Result: OK}
}

func create(path string, line []byte) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if _, err = f.Write(line); err == nil {
		err = f.Sync()
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	return f, nil
}

// settle ends what a crash interrupted in rotate.
func settle(dir string) error {
	next, newest := filepath.Join(dir, nextName), filepath.Join(dir, FileName)
	if _, err := os.Stat(next); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if _, err := os.Stat(newest); errors.Is(err, fs.ErrNotExist) {
		return os.Rename(next, newest)
	}
	return os.Remove(next)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Tend begins a new file and removes old ones when it is time, also while nobody
// does anything. It may be called often.
func (l *Log) Tend() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := l.now(); now.Sub(l.tended) < tendEvery {
		return nil
	}
	l.tended = l.now()
	return errors.Join(l.rotate(), l.prune())
}

// prune removes the files of which all entries are older than they are kept.
// The log says so first.
func (l *Log) prune() error {
	if l.limits.Keep == 0 {
		return nil
	}
	old, err := l.outdated()
	if err != nil || len(old) == 0 {
		return err
	}
	entry := Entry{Who: "server", Act: pruned, What: fmt.Sprintf("up to %d", old[len(old)-1].last), Result: Begun}
	if err := l.appendLocked(&entry); err != nil {
		return err
	}
	done := Entry{Who: entry.Who, Act: entry.Act, What: entry.What, Of: entry.N, Result: OK}
	for _, p := range old {
		if err = os.Remove(p.path); err != nil {
			done.Result = Failed
			break
		}
	}
	return errors.Join(err, l.appendLocked(&done))
}

func (l *Log) outdated() ([]part, error) {
	all, err := parts(l.dir)
	if err != nil {
		return nil, err
	}
	for i, p := range all {
		entry, err := p.lastEntry()
		if err != nil {
			return nil, err
		}
		if l.now().Sub(entry.Time) < l.limits.Keep {
			return all[:i], nil
		}
	}
	return all, nil
}

// Reader reads all of a log, as of when it was opened.
type Reader struct {
	io.Reader
	files  []*os.File  // oldest first
	newest fs.FileInfo // of the last of them
	at     int64       // in which Entries goes on there
}

// OpenReader opens the log of a data directory, also while it is written to and
// its files change. Files may be left out in which all entries are up to after.
// It fails with [fs.ErrNotExist] when there is no log.
func OpenReader(dir string, after int64) (*Reader, error) {
	for try := 0; ; try++ {
		r, err := openReader(dir, after)
		if err == nil && r.Fresh(dir) {
			return r, nil
		}
		r.Close()
		if try == 100 || err != nil && !errors.Is(err, errMoved) {
			return nil, errors.Join(err, errMoved)
		}
	}
}

// errMoved says that files were renamed or removed between two looks.
var errMoved = errors.New("the audit log's files change all the time")

func openReader(dir string, after int64) (*Reader, error) {
	r := new(Reader)
	newest, err := os.Open(filepath.Join(dir, FileName))
	if errors.Is(err, fs.ErrNotExist) {
		newest, err = os.Open(filepath.Join(dir, nextName)) // a crash left it there
	}
	if err != nil {
		return r, err
	}
	r.files = []*os.File{newest}
	if r.newest, err = newest.Stat(); err != nil {
		return r, err
	}
	older, err := parts(dir)
	if err != nil {
		return r, err
	}
	for _, p := range older {
		if p.last <= after {
			continue
		}
		f, err := os.Open(p.path)
		if errors.Is(err, fs.ErrNotExist) {
			return r, errMoved
		}
		if err != nil {
			return r, err
		}
		r.files = slices.Insert(r.files, len(r.files)-1, f)
	}
	all := make([]io.Reader, len(r.files))
	for i, f := range r.files {
		all[i] = f
	}
	r.Reader = io.MultiReader(all...)
	return r, nil
}

// Entries calls fn for each entry; when it is called again, for those that were
// written meanwhile.
func (r *Reader) Entries(fn func(Entry) error) error {
	last := len(r.files) - 1
	if r.at == 0 {
		for _, f := range r.files[:last] {
			if _, err := Read(io.NewSectionReader(f, 0, 1<<62), fn); err != nil {
				return err
			}
		}
	}
	n, err := Read(io.NewSectionReader(r.files[last], r.at, 1<<62), fn)
	r.at += n
	return err
}

// Fresh reports whether what is written now comes to the end of what r reads.
func (r *Reader) Fresh(dir string) bool {
	now, err := os.Stat(filepath.Join(dir, FileName))
	if errors.Is(err, fs.ErrNotExist) {
		now, err = os.Stat(filepath.Join(dir, nextName))
	}
	return err == nil && os.SameFile(now, r.newest)
}

// Close closes the files.
func (r *Reader) Close() (err error) {
	for _, f := range r.files {
		err = errors.Join(err, f.Close())
	}
	return err
}
